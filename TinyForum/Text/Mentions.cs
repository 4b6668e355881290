using System.Buffers;
using System.Text;

namespace TinyForum.Text;

/// <summary>
/// A username mentioned in a text, as a key (see <see cref="Username.KeyOf"/>). Names and sentences may both end in dots and hyphens:
/// look up the whole first and, if there is no such user, the name without them.
/// </summary>
internal readonly record struct Mention(string Key, string? Otherwise);

/// <summary>
/// Finds @names outside of code. Only code is recognised of Markdown (CommonMark 0.31: fenced and indented blocks, code spans, within
/// quotations and lists), so that a decorator in a pasted program mentions nobody.
/// </summary>
internal static class Mentions
{
    internal const int Max = 20;

    // Replaces code and marks the end of a block in the masked text. A paragraph separator in the text itself may end a block too.
    private const char BlockEnd = '\u2029';

    /// <summary>The mentioned users, each once, in order, at most <see cref="Max"/>.</summary>
    internal static IReadOnlyList<Mention> Find(string body)
    {
        List<Mention> found = [];
        if (!body.Contains('@', StringComparison.Ordinal))
            return found;
        var text = MaskBlocks(body);
        for (var at = 0; at < text.Length && found.Count < Max;)
        {
            var c = text[at];
            if (c == '`')
                at = AfterBackticks(text, at);
            else if (c == '\\' && at + 1 < text.Length && text[at + 1] == '`')
                at += 2;
            else if (c == '@')
            {
                var length = NameLength(text[(at + 1)..]);
                if (length > 0 && MayPrecede(text[..at]) && Of(text.Slice(at + 1, length)) is { } mention
                    && text[(at + 1 + length)..] is not ['@', ..] && !found.Exists(m => m.Key == mention.Key))
                    found.Add(mention);
                at += 1 + length;
            }
            else
                at++;
        }
        return found;
    }

    private static Mention? Of(ReadOnlySpan<char> name)
    {
        var trimmed = name.TrimEnd(".-");
        if (trimmed.IsEmpty || Key(name) is not { } key)
            return trimmed.IsEmpty || Key(trimmed) is not { } shorter ? null : new Mention(shorter, null);
        return new Mention(key, trimmed.Length < name.Length ? Key(trimmed) : null);
    }

    private static string? Key(ReadOnlySpan<char> name) =>
        Username.KeyOf(name.ToString()) is { } key && UnicodeText.Length(key) <= Username.MaxLength * 2 ? key : null;

    private static int NameLength(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && Rune.DecodeFromUtf16(text[length..], out var rune, out var more) == OperationStatus.Done
            && UnicodeText.InName(rune.Value).Kind != NameKind.None)
            length += more;
        return length;
    }

    // Not in a mail address, nor in a link to another site's profile. Han and the like need no space before the @.
    private static bool MayPrecede(ReadOnlySpan<char> before) =>
        before.IsEmpty || Rune.DecodeLastFromUtf16(before, out var rune, out _) != OperationStatus.Done || rune.Value == '.'
        || (rune.Value is not ('/' or '@') && (UnicodeText.InName(rune.Value).Kind == NameKind.None || FoldedText.IsUnspaced(rune.Value)));

    // The position after the code span that starts here, or after its backticks if no run of the same length closes it in this block.
    private static int AfterBackticks(ReadOnlySpan<char> text, int at)
    {
        var ticks = Run(text[at..], '`');
        for (var end = at + ticks; end < text.Length && text[end] != BlockEnd;)
        {
            var run = Run(text[end..], '`');
            if (run == ticks)
                return end + run;
            end += Math.Max(run, 1);
        }
        return at + ticks;
    }

    private static int Run(ReadOnlySpan<char> text, char c)
    {
        var length = text.IndexOfAnyExcept(c);
        return length < 0 ? text.Length : length;
    }

    // A copy with code blocks blanked out and a BlockEnd at the end of each block of text, since no code span crosses one.
    private static ReadOnlySpan<char> MaskBlocks(string body)
    {
        var text = body.ToCharArray();
        var (content, depth, fence, ticks) = (0, 0, '\0', 0); // the list's indentation, the fence's quotation, mark and length
        var afterText = false;
        for (int start = 0, end; start < text.Length; start = end + 1)
        {
            end = body.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            var line = body.AsSpan(start, end - start);
            var (quotes, indent) = Unquote(ref line);

            ticks = quotes < depth ? 0 : ticks; // a fence ends with the quotation it stands in
            var code = ticks > 0 || line.IsWhiteSpace();
            if (ticks > 0)
            {
                if (quotes == depth && Run(line, fence) >= ticks && line.TrimStart(fence).IsWhiteSpace())
                    ticks = 0;
            }
            else if (!code)
            {
                content = Math.Min(content, indent);
                code = indent >= content + 4 && !afterText;
                if (!code)
                {
                    var item = EnterItems(ref line, indent, ref content);
                    ticks = Fence(line, out fence);
                    (depth, code) = (quotes, ticks > 0);
                    if ((item || line[0] == '#') && start > 0)
                        text[start - 1] = BlockEnd;
                }
            }
            if (code)
                text.AsSpan(start, Math.Min(end + 1, text.Length) - start).Fill(BlockEnd);
            afterText = !code;
        }
        return text;
    }

    // Removes the quotation marks and the indentation of a line; returns how many and how wide.
    private static (int Quotes, int Indent) Unquote(ref ReadOnlySpan<char> line)
    {
        var quotes = 0;
        while (true)
        {
            var (indent, chars) = (0, 0);
            for (; chars < line.Length && line[chars] is ' ' or '\t'; chars++)
                indent += line[chars] == ' ' ? 1 : 4 - indent % 4;
            line = line[chars..];
            if (indent > 3 || line is not ['>', ..])
                return (quotes, indent);
            line = line is ['>', ' ', ..] ? line[2..] : line[1..];
            quotes++;
        }
    }

    // Removes list markers, "- " or "1. ", from a line and notes how far the text of the innermost item is indented.
    private static bool EnterItems(ref ReadOnlySpan<char> line, int indent, ref int content)
    {
        var item = false;
        while (true)
        {
            var digits = Math.Min(line.IndexOfAnyExceptInRange('0', '9'), 10);
            var marker = line is ['-' or '+' or '*', ' ', ..] ? 1
                : digits is > 0 and < 10 && line[digits..] is ['.' or ')', ' ', ..] ? digits + 1 : 0;
            if (marker == 0 || line[marker..].IsWhiteSpace())
                return item;
            var spaces = Run(line[marker..], ' ');
            indent += marker + spaces;
            content = indent;
            line = line[(marker + spaces)..];
            item = true;
        }
    }

    private static int Fence(ReadOnlySpan<char> line, out char mark)
    {
        mark = line[0];
        var length = mark is '`' or '~' ? Run(line, mark) : 0;
        return length >= 3 && !(mark == '`' && line[length..].Contains('`')) ? length : 0;
    }
}
