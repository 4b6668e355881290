using System.Collections.Concurrent;

namespace TinyForum.Http;

/// <summary>
/// Answers kept as bytes until something is written, by this process or another. Bounded: when it is full it starts over, so that who asks for many
/// odd targets can't keep out those that are asked for often.
/// </summary>
/// <param name="version">A number that changes with every write: what was kept under another is not sent.</param>
internal sealed class AnswerCache(Func<long> version)
{
    internal const int MaxAnswers = 2_000;
    internal const long MaxBytes = 64 * 1024 * 1024;

    private readonly ConcurrentDictionary<(long User, string Target), KeptAnswer> _answers = new();
    private long _version;
    private long _bytes;

    /// <summary>How many answers are kept.</summary>
    public int Count => _answers.Count;

    /// <summary>Answers from memory if it can.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="userId">For whom; 0 is anyone without a credential.</param>
    /// <param name="current">The version before anything was read for the answer.</param>
    public bool TryAnswer(Exchange exchange, long userId, out long current)
    {
        current = version();
        if (!_answers.TryGetValue((userId, exchange.RawTarget), out var answer) || answer.Version != current)
            return false;
        answer.Send(exchange);
        return true;
    }

    /// <summary>Keeps an answer.</summary>
    public void Keep(long userId, string target, KeptAnswer answer)
    {
        var isNew = Interlocked.Exchange(ref _version, answer.Version) != answer.Version;
        if (isNew || _answers.Count >= MaxAnswers || Interlocked.Add(ref _bytes, answer.Size) > MaxBytes)
        {
            _answers.Clear();
            Interlocked.Exchange(ref _bytes, answer.Size);
        }
        _answers[(userId, target)] = answer;
    }
}
