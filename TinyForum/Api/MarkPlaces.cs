using System.Buffers;
using System.Buffers.Text;
using TinyForum.Data;

namespace TinyForum.Api;

/// <summary>
/// Where a caller's own marks belong in a public answer with posts: <c>liked</c> before each <c>likes</c>, and <c>unread</c> at the end of each
/// thread. They are all in which it differs from the caller's. A line break in JSON is never part of a string, so that the places are found
/// by their lines.
/// </summary>
internal sealed class MarkPlaces
{
    private readonly List<Place> _places = [];

    private readonly record struct Place(int Liked, int Unread, int Indent);

    private MarkPlaces(ReadOnlySpan<byte> answer)
    {
        for (var at = 0; answer[at..].IndexOf("\"likes\": "u8) is >= 0 and var next; at += next + 1)
        {
            var likes = at + next;
            var line = answer[..likes].LastIndexOf((byte)'\n') + 1;
            if (line == 0 || answer[line..likes].ContainsAnyExcept((byte)' '))
                continue; // within a text
            Posts.Add(IdBefore(answer[..(line - 1)]));
            var rest = answer[likes..];
            var end = EndOf(rest, likes - line);
            _places.Add(new Place(likes, IsThread(rest[..end]) ? likes + end : 0, likes - line));
        }
    }

    /// <summary>The posts of the answer, in its order.</summary>
    public List<long> Posts { get; } = [];

    /// <summary>Whether the posts are threads.</summary>
    public bool AreThreads => _places.Count > 0 && _places[0].Unread > 0;

    public static MarkPlaces Of(ReadOnlySpan<byte> answer) => new(answer);

    /// <summary>Writes the answer with a caller's marks, which are in the order of <see cref="Posts"/>.</summary>
    public void Write(ReadOnlySpan<byte> answer, IReadOnlyList<PostMarks> marks, IBufferWriter<byte> to)
    {
        var written = 0;
        for (var i = 0; i < _places.Count; i++)
        {
            var place = _places[i];
            to.Write(answer[written..place.Liked]);
            to.Write(marks[i].IsLiked ? "\"liked\": true,"u8 : "\"liked\": false,"u8);
            BreakLine(to, place.Indent);
            written = place.Liked;
            if (place.Unread == 0)
                continue;
            to.Write(answer[written..place.Unread]);
            to.Write(","u8);
            BreakLine(to, place.Indent);
            to.Write("\"unread\": "u8);
            Utf8Formatter.TryFormat(marks[i].Unread, to.GetSpan(20), out var length);
            to.Advance(length);
            written = place.Unread;
        }
        to.Write(answer[written..]);
    }

    private static void BreakLine(IBufferWriter<byte> to, int indent)
    {
        var line = to.GetSpan(indent + 1)[..(indent + 1)];
        line.Fill((byte)' ');
        line[0] = (byte)'\n';
        to.Advance(line.Length);
    }

    private static long IdBefore(ReadOnlySpan<byte> answer)
    {
        var line = answer[(answer.LastIndexOf("\"id\": "u8) + "\"id\": "u8.Length)..];
        return Utf8Parser.TryParse(line, out long id, out _) ? id : throw new InvalidDataException("a post without an id");
    }

    private static int EndOf(ReadOnlySpan<byte> post, int indent)
    {
        for (var at = 0; ; at++)
        {
            at += post[at..].IndexOf((byte)'\n');
            var line = post[(at + 1)..];
            if (line[indent - 2] == '}' && !line[..(indent - 2)].ContainsAnyExcept((byte)' '))
                return at;
        }
    }

    private static bool IsThread(ReadOnlySpan<byte> post) => post.IndexOf("\"title\": "u8) >= 0;
}
