using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace TinyForum.Web;

/// <summary>Markup that is safe as it is.</summary>
internal readonly record struct Html(string Markup);

/// <summary>
/// Writes HTML in UTF-8 by interpolated strings, whose holes are encoded by their type: text is, <see cref="Html"/> is not, an
/// <see cref="Url"/> goes through the links; the compiler accepts no other. A hole allocates
/// nothing, but for the name in an address.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="basePath">What every address of the forum begins with.</param>
internal sealed class HtmlWriter(IBufferWriter<byte> output, string basePath)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Writes markup with holes. The markup of attributes has to have quotes.</summary>
#pragma warning disable CA1822, IDE0060 // the handler writes while its holes are evaluated
    public void Write([InterpolatedStringHandlerArgument("")] ref Handler markup)
    {
    }
#pragma warning restore CA1822, IDE0060

    private string BasePath => basePath;

    private void Raw(ReadOnlySpan<char> markup)
    {
        var written = Encoding.UTF8.GetBytes(markup, output.GetSpan(3 * markup.Length));
        output.Advance(written);
    }

    private void Encode(ReadOnlySpan<char> text)
    {
        Span<char> encoded = stackalloc char[512];
        while (!text.IsEmpty)
        {
            Encoder.Encode(text, encoded, out var read, out var written);
            Raw(encoded[..written]);
            text = text[read..];
        }
    }

    private void Number(long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var length);
        output.Advance(length);
    }

    /// <summary>Writes the pieces of an interpolated string in turn.</summary>
    [InterpolatedStringHandler]
#pragma warning disable CS9113, IDE0060 // the compiler passes them
    public readonly ref struct Handler(int literalLength, int formattedCount, HtmlWriter writer)
#pragma warning restore CS9113, IDE0060
    {
        public void AppendLiteral(string markup) => writer.Raw(markup);

        public void AppendFormatted(string? text) => writer.Encode(text);

        public void AppendFormatted(Html html) => writer.Raw(html.Markup);

        public void AppendFormatted(long number) => writer.Number(number);

        public void AppendFormatted(Url url)
        {
            writer.Raw(writer.BasePath);
            writer.Encode(url.Path);
            if (url.Id is { } id)
                writer.Number(id);
            if (url.Name is not null)
                writer.Encode(Uri.EscapeDataString(url.Name));
            writer.Encode(url.Rest);
        }

        /// <summary>A time, in UTC, which a browser can show as the reader's own.</summary>
        public void AppendFormatted(DateTimeOffset time)
        {
            Span<char> text = stackalloc char[20];
            writer.Raw("<time datetime=\"");
            time.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            writer.Raw(text[..length]);
            writer.Raw("\">");
            time.UtcDateTime.TryFormat(text, out length, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            writer.Raw(text[..length]);
            writer.Raw("</time>");
        }
    }
}
