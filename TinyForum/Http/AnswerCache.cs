using System.Collections.Concurrent;

namespace TinyForum.Http;

/// <summary>
/// Answers kept as bytes until something is written, by this process or another. Bounded: when it is full, it starts over, so that a client
/// that asks for many odd targets can't keep the common ones out.
/// </summary>
/// <param name="version">Returns a number that changes with every write that matters: an answer is sent only while the number is the same.</param>
/// <param name="maxBytes">How much memory they may take.</param>
internal sealed class AnswerCache(Func<long> version, long maxBytes)
{
    internal const int MaxAnswers = 10_000;

    /// <summary>The longest answer to keep, in bytes: longer ones would push out many others, and are garbage that is expensive to collect.</summary>
    internal const int MaxAnswer = 256 * 1024;

    private readonly ConcurrentDictionary<(long User, string Target), KeptAnswer> _answers = new();
    private long _version;
    private long _bytes;

    public int Count => _answers.Count;

    /// <summary>The memory that they take, in bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Answers with what is kept for a target, if anything is. <paramref name="userId"/> is 0 for callers without a credential.</summary>
    public bool TryAnswer(Exchange exchange, long userId, string target, out long current)
    {
        if (Find(userId, target, out current) is not { } answer)
            return false;
        answer.Send(exchange);
        return true;
    }

    /// <summary>What is kept for a target, if it is current.</summary>
    public KeptAnswer? Find(long userId, string target, out long current)
    {
        current = version();
        return _answers.TryGetValue((userId, target), out var answer) && answer.Version == current ? answer : null;
    }

    public void Keep(long userId, string target, KeptAnswer answer)
    {
        var isNew = Interlocked.Exchange(ref _version, answer.Version) != answer.Version;
        if (isNew || _answers.Count >= MaxAnswers || Interlocked.Add(ref _bytes, answer.Size) > maxBytes)
        {
            _answers.Clear();
            Interlocked.Exchange(ref _bytes, answer.Size);
        }
        _answers[(userId, target)] = answer;
    }
}
