namespace TinyForum.Text;

/// <summary>
/// How large a regular expression is once its counted repetitions are written out, as the engine does. It reads no more than that takes, and
/// what it takes for something else it takes for something larger.
/// </summary>
internal ref struct PatternSize
{
    private const long Unbounded = int.MaxValue;

    private readonly ReadOnlySpan<char> _pattern;
    private int _at;

    private PatternSize(ReadOnlySpan<char> pattern) => _pattern = pattern;

    /// <summary>The size of a pattern of the engine's syntax; very large for one that is none.</summary>
    internal static long Of(ReadOnlySpan<char> pattern)
    {
        var reader = new PatternSize(pattern);
        var size = reader.Sequence();
        return reader._at < pattern.Length ? Unbounded : size;
    }

    private readonly ReadOnlySpan<char> Rest => _pattern[Math.Min(_at, _pattern.Length)..];

    private long Sequence()
    {
        var size = 0L;
        while (Rest is [not ')', ..])
            size = Math.Min(size + Repeated(Atom()), Unbounded);
        return size;
    }

    private long Atom()
    {
        switch (_pattern[_at++])
        {
            case '(':
                return Group();
            case '[':
                Class();
                return 1;
            case '\\':
                _at++;
                return 1;
            default:
                return 1;
        }
    }

    private long Group()
    {
        if (Rest is ['?', '#', ..]) // a comment
        {
            _at += Rest.IndexOf(')') is >= 0 and var end ? end + 1 : Rest.Length;
            return 0;
        }
        if (Rest is ['?', ..])
        {
            _at++;
            while (Rest is [var option, ..] && (char.IsAsciiLetter(option) || option is '-' or '+'))
            {
                if (option is 'x' or 'X')
                    return Unbounded; // white space and comments would have to be told from the rest
                _at++;
            }
            _at += Rest is [':', ..] ? 1 : 0;
        }
        var size = Sequence();
        _at++;
        return size;
    }

    private void Class()
    {
        if (Rest is ['^', ..])
            _at++;
        if (Rest is [']', ..])
            _at++;
        while (Rest is [var c, ..] && c != ']')
        {
            _at += c == '\\' ? 2 : 1;
            if (c == '-' && Rest is ['[', ..])
            {
                _at++;
                Class();
            }
        }
        _at++;
    }

    private long Repeated(long size)
    {
        while (true)
        {
            if (Rest is ['*' or '+' or '?', ..])
                _at++;
            else if (TryTimes(out var times))
                size = Math.Min(size * Math.Max(times, 1), Unbounded);
            else
                return size;
        }
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c> and goes behind it, if it is there.</summary>
    private bool TryTimes(out long times)
    {
        times = 0;
        var end = Rest is ['{', ..] ? Rest.IndexOf('}') : -1;
        if (end < 0)
            return false;
        var inner = Rest[1..end];
        var comma = inner.IndexOf(',');
        var low = comma < 0 ? inner : inner[..comma];
        var high = comma < 0 ? default : inner[(comma + 1)..];
        if (low.IsEmpty || low.ContainsAnyExceptInRange('0', '9') || high.ContainsAnyExceptInRange('0', '9'))
            return false;
        times = Math.Max(Number(low) + (comma >= 0 && high.IsEmpty ? 1 : 0), Number(high));
        _at += end + 1;
        return true;
    }

    private static long Number(ReadOnlySpan<char> digits) => digits.IsEmpty ? 0
        : long.TryParse(digits, out var number) ? Math.Min(number, Unbounded) : Unbounded;
}
