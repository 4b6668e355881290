namespace TinyForum.Http;

/// <summary>An answer ready to be sent, with the entity tag of its uncompressed form, and its compressed forms, each made on first use.</summary>
/// <remarks>
/// Only answers to requests without a credential are compressed. If an answer has a secret next to text that an attacker can choose, its
/// compressed size lets the attacker guess the secret letter by letter (BREACH), and an answer to a caller with a credential may have one.
/// </remarks>
internal sealed class KeptAnswer(
    long version, string route, string etag, string contentType, ReadOnlyMemory<byte> body, bool isPublic, bool stays = false)
{
    private Form? _gzip;
    private Form? _brotli;

    /// <summary>The database's version, taken before anything was read for the answer.</summary>
    public long Version => version;

    /// <summary>The entity tag of its uncompressed form.</summary>
    public string ETag => etag;

    /// <summary>Its uncompressed form.</summary>
    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Its size in memory in bytes, with an allowance for the compressed forms.</summary>
    public int Size => isPublic ? 2 * body.Length : body.Length;

    /// <summary>Answers with it, in the coding that the client prefers.</summary>
    public void Send(Exchange exchange)
    {
        (exchange.Route, exchange.ContentType) = (route, contentType);
        var coding = isPublic && body.Length >= ContentCodings.SmallestCompressed
            ? ContentCodings.Choose(exchange.Header("Accept-Encoding")) : ContentCoding.Identity;
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
        new($"{etag.AsSpan(0, etag.Length - 1)}-{ContentCodings.Name(coding)}\"", ContentCodings.Compress(body.Span, coding, stays));

    private sealed record Form(string ETag, byte[] Body);
}
