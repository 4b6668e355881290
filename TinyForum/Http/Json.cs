using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TinyForum.Http;

/// <summary>How this server writes JSON: UTF-8, indented by two spaces, with only the escapes that JSON requires.</summary>
internal static class Json
{
    public static JsonWriterOptions WriterOptions { get; } = new()
    {
        Encoder = MinimalEncoder.Instance,
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
        SkipValidation = true,
    };

    /// <summary>
    /// Escapes only the quote, the backslash and U+0000 to U+001F (RFC 8259, section 7). <see cref="JavaScriptEncoder.UnsafeRelaxedJsonEscaping"/>
    /// also escapes everything outside the BMP, which would turn each emoji into twelve characters.
    /// </summary>
    internal sealed unsafe class MinimalEncoder : JavaScriptEncoder
    {
        public static readonly MinimalEncoder Instance = new();

        private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (char)c), '"', '\\']);
        private static readonly SearchValues<byte> EscapedBytes = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (byte)c), (byte)'"', (byte)'\\']);

        public override int MaxOutputCharactersPerInputCharacter => 6;

        public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\';

        public override int FindFirstCharacterToEncode(char* text, int textLength) => new ReadOnlySpan<char>(text, textLength).IndexOfAny(Escaped);

        public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAny(EscapedBytes);

        public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
        {
            var target = new Span<char>(buffer, bufferLength);
            var letter = unicodeScalar switch
            {
                '"' => '"',
                '\\' => '\\',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\b' => 'b',
                '\f' => 'f',
                _ => '\0',
            };
            if (letter != '\0')
            {
                numberOfCharactersWritten = 2;
                return "\\".TryCopyTo(target) && new ReadOnlySpan<char>(in letter).TryCopyTo(target[1..]);
            }
            if (WillEncode(unicodeScalar))
                return target.TryWrite($"\\u{unicodeScalar:x4}", out numberOfCharactersWritten);
            return new System.Text.Rune(unicodeScalar).TryEncodeToUtf16(target, out numberOfCharactersWritten);
        }
    }
}
