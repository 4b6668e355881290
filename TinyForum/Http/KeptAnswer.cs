namespace TinyForum.Http;

/// <summary>
/// An answer ready to be sent, and its compressed forms, each made when it is first wanted.
/// </summary>
/// <remarks>
/// Only what anyone gets who asks without a credential is compressed: from the size of an answer that holds a secret beside something that an
/// attacker may choose, the secret can be guessed letter by letter (BREACH), and whoever has a credential may get one.
/// </remarks>
/// <param name="version">The database's version before anything was read for it.</param>
/// <param name="route">The pattern that it answers.</param>
/// <param name="etag">The entity tag of the uncompressed form.</param>
/// <param name="body">The uncompressed form.</param>
/// <param name="isPublic">Whether anyone gets it who asks without a credential.</param>
internal sealed class KeptAnswer(long version, string route, string etag, ReadOnlyMemory<byte> body, bool isPublic)
{
    private Form? _gzip;
    private Form? _brotli;

    public long Version => version;

    /// <summary>What it takes in memory, bytes, the compressed forms reckoned as if they were there.</summary>
    public int Size => isPublic ? 2 * body.Length : body.Length;

    /// <summary>Makes it the answer, in the form that the client likes best.</summary>
    public void Send(Exchange exchange)
    {
        exchange.Route = route;
        var coding = isPublic ? ContentCodings.Choose(exchange.Header("Accept-Encoding"), body.Length) : ContentCoding.Identity;
        var form = coding switch
        {
            ContentCoding.Gzip => _gzip ??= Compress(coding),
            ContentCoding.Brotli => _brotli ??= Compress(coding),
            _ => null,
        };
        exchange.KeptBody = form?.Body ?? body;
        ConditionalGet.Apply(exchange, form?.ETag ?? etag, isPublic);
        if (form is not null && exchange.Status != 304)
            exchange.SetHeader("Content-Encoding", ContentCodings.Name(coding));
    }

    private Form Compress(ContentCoding coding) =>
        new($"{etag.AsSpan(0, etag.Length - 1)}-{ContentCodings.Name(coding)}\"", ContentCodings.Compress(body.Span, coding));

    private sealed record Form(string ETag, byte[] Body);
}
