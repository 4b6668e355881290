using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using TinyForum.Data;

namespace TinyForum.Web;

/// <summary>Markup that is safe as it is.</summary>
internal readonly record struct Html(string Markup);

/// <summary>A name, a title or a tag amid other text, which may be written in the other direction.</summary>
internal readonly record struct Name(string Text);

/// <summary>
/// Writes HTML in UTF-8 by interpolated strings, whose holes are encoded by their type: text is, <see cref="Html"/> is not, an
/// <see cref="Url"/> goes through the links, a <see cref="User"/> is one; the compiler accepts no other. A hole allocates
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

        public void AppendFormatted(Name name)
        {
            writer.Raw("<bdi>");
            writer.Encode(name.Text);
            writer.Raw("</bdi>");
        }

        /// <summary>A user's name, which leads to the user's page if there is one.</summary>
        public void AppendFormatted(User user)
        {
            if (user.Username == User.DeletedName)
            {
                AppendFormatted(new Name(user.Username));
                return;
            }
            writer.Raw("<a href=\"");
            AppendFormatted(Url.User(user.Username));
            writer.Raw("\">");
            AppendFormatted(new Name(user.Username));
            writer.Raw("</a>");
        }

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

        /// <summary>
        /// A time, in UTC, which the script shows as the reader's own. Until it does, or without it, there is the day, which is about as wide as what
        /// comes in its place, so that nothing moves; and the time of the day where it does not run.
        /// </summary>
        public void AppendFormatted(DateTimeOffset time)
        {
            Span<char> text = stackalloc char[20];
            writer.Raw("<time datetime=\"");
            time.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            writer.Raw(text[..length]);
            writer.Raw("\">");
            time.UtcDateTime.TryFormat(text, out length, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            writer.Raw(text[..length]);
            writer.Raw("<noscript>");
            time.UtcDateTime.TryFormat(text, out length, " HH:mm", CultureInfo.InvariantCulture);
            writer.Raw(text[..length]);
            writer.Raw("</noscript></time>");
        }
    }
}
