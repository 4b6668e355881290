using System.Collections.Concurrent;

namespace TinyForum.Http;

/// <summary>
/// Answers kept as bytes, to be sent until something is written, by this process or another. Bounded: when it is full, it starts over, so that a client
/// that asks for many odd targets can't keep the common ones out.
/// </summary>
/// <param name="version">
/// Returns a number of a subject that changes with every write that matters to it: an answer is sent only while the number is the same.
/// </param>
/// <param name="maxBytes">How much memory they may take.</param>
internal sealed class AnswerCache(Func<int, long> version, long maxBytes)
{
    internal const int MaxAnswers = 10_000;

    /// <summary>The longest answer to keep, in bytes: longer ones would push out many others, and are garbage that is expensive to collect.</summary>
    internal const int MaxAnswer = 256 * 1024;

    internal const int Overhead = 300; // about

    private readonly ConcurrentDictionary<(long User, string Target), KeptAnswer> _answers = new();
    private readonly int[] _asked = new int[MaxAnswers]; // hashes of what was asked for; a later one takes an earlier one's place
    private long _bytes;
    private int _count; // to ask the dictionary would take all its locks

    public int Count => _answers.Count;

    /// <summary>The memory that they take, in bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Answers with what is kept for a target, if anything is. <paramref name="userId"/> is 0 for callers without a credential.</summary>
    public bool TryAnswer(Exchange exchange, int subject, long userId, string target, out long current)
    {
        if (Find(subject, userId, target, out current) is not { } answer)
            return false;
        answer.Send(exchange);
        return true;
    }

    /// <summary>What is kept for a target, if it is current.</summary>
    public KeptAnswer? Find(int subject, long userId, string target, out long current)
    {
        current = version(subject);
        return _answers.TryGetValue((userId, target), out var answer) && answer.Version == current ? answer : null;
    }

    /// <summary>
    /// Whether to keep an answer that is not too long: a public one always, a caller's once it is asked for again in the same version. While
    /// others write most are asked for once, and to keep those would cost as much as to make them. (TinyLFU, arXiv:1512.00727, has such a
    /// doorkeeper.)
    /// </summary>
    public bool IsWorthKeeping(long userId, string target, long current, int length)
    {
        if (length > MaxAnswer || userId == 0)
            return length <= MaxAnswer;
        var asked = HashCode.Combine(userId, target, current);
        return Interlocked.Exchange(ref _asked[(uint)asked % MaxAnswers], asked) == asked;
    }

    /// <summary>
    /// Keeps an answer in the place of the one for the same target that is no longer current. Others that are not stay until they are replaced
    /// or there is no room: to remove them with each write would cost more than to make them anew.
    /// </summary>
    public void Keep(long userId, string target, KeptAnswer answer)
    {
        var key = (userId, target);
        var isReplaced = _answers.TryGetValue(key, out var old) && _answers.TryUpdate(key, answer, old);
        if (!isReplaced && !_answers.TryAdd(key, answer))
            return; // another thread was faster
        var size = answer.Size + SizeOf(target);
        var bytes = Interlocked.Add(ref _bytes, isReplaced ? answer.Size - old!.Size : size);
        if (bytes <= maxBytes && (isReplaced || Interlocked.Increment(ref _count) <= MaxAnswers))
            return;
        _answers.Clear();
        _answers[key] = answer;
        Interlocked.Exchange(ref _bytes, size);
        Interlocked.Exchange(ref _count, 1);
    }

    /// <summary>What is kept beside an answer, in bytes: its target, and the objects that hold both.</summary>
    private static int SizeOf(string target) => Overhead + sizeof(char) * target.Length;
}
