using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class AnswerCacheTests
{
    private const long MaxBytes = 1024 * 1024;

    private readonly AnswerCache _cache = new(_ => 1, MaxBytes);

    private const long Beside = AnswerCache.Overhead + 2 * 8; // with "one more"

    private void Keep(string target, ReadOnlyMemory<byte> body, long version = 1) =>
        _cache.Keep(userId: 0, target, new KeptAnswer(version, "/", "\"tag\"", "text/plain", body, isPublic: false));

    [TestMethod]
    public void As_many_answers_are_kept_as_may_be_and_then_it_starts_over()
    {
        var cache = new AnswerCache(_ => 1, 1000 * MaxBytes);
        for (var i = 0; i < AnswerCache.MaxAnswers; i++)
            cache.Keep(userId: 0, $"{i}", new KeptAnswer(1, "/", "\"tag\"", "text/plain", default, isPublic: false));
        Assert.AreEqual(AnswerCache.MaxAnswers, cache.Count);
        cache.Keep(userId: 0, "one more", new KeptAnswer(1, "/", "\"tag\"", "text/plain", default, isPublic: false));
        Assert.AreEqual(1, cache.Count);
    }

    [TestMethod]
    public void A_callers_answer_is_kept_once_it_is_asked_for_again_in_the_same_version()
    {
        foreach (var (user, target, version, isWorth) in new[]
        {
            (1, "/a", 1, false), (1, "/a", 1, true), (1, "/a", 1, true), (1, "/b", 1, false), (2, "/a", 1, false), (1, "/a", 2, false), (1, "/b", 1, true),
            (0, "/a", 1, true), (0, "/a", 2, true), // anyone's
        })
            Assert.AreEqual(isWorth, _cache.IsWorthKeeping(user, target, version, 1), $"{user} {target} {version}");
        Assert.IsFalse(_cache.IsWorthKeeping(0, "/a", 3, AnswerCache.MaxAnswer + 1));
        Assert.IsFalse(_cache.IsWorthKeeping(1, "/a", 1, AnswerCache.MaxAnswer + 1));
    }

    [TestMethod]
    public void Answers_are_bounded_by_their_size_in_all()
    {
        var half = new byte[MaxBytes / 2 - 480];
        for (var round = 0; round < 2; round++)
        {
            Keep("one", half);
            Keep("another", half.AsMemory(1));
            Assert.AreEqual(2 + round, _cache.Count);
            Keep("one more", new byte[100 + round]);
            Assert.AreEqual((1, Beside + 100L + round), (_cache.Count, _cache.Bytes), "it starts over");
            Keep("one more", new byte[5], version: round + 2);
            Assert.AreEqual((1, Beside + 5L), (_cache.Count, _cache.Bytes), "what is replaced is no longer counted");
            Keep("one more", new byte[1], version: round + 3);
            Assert.AreEqual((1, Beside + 1L), (_cache.Count, _cache.Bytes));
        }
    }
}
