using TinyForum.Http;

namespace TinyForum.Tests;

[TestClass]
public sealed class AnswerCacheTests
{
    private const long MaxBytes = 1024 * 1024;

    private readonly AnswerCache _cache = new(() => 1, MaxBytes);

    private void Keep(string target, ReadOnlyMemory<byte> body, long version = 1) =>
        _cache.Keep(userId: 0, target, new KeptAnswer(version, "/", "\"tag\"", body, isPublic: false));

    [TestMethod]
    public void As_many_answers_are_kept_as_may_be_and_then_it_starts_over()
    {
        for (var i = 0; i < AnswerCache.MaxAnswers; i++)
            Keep($"{i}", default);
        Assert.AreEqual(AnswerCache.MaxAnswers, _cache.Count);
        Keep("one more", default);
        Assert.AreEqual(1, _cache.Count);
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
        var half = new byte[MaxBytes / 2];
        for (var round = 0; round < 2; round++)
        {
            Keep("one", half);
            Keep("another", half.AsMemory(1));
            Assert.AreEqual(2 + round, _cache.Count);
            Keep("one more", new byte[2 + round]);
            Assert.AreEqual((1, 2L + round), (_cache.Count, _cache.Bytes), "it starts over");
            Keep("one more", new byte[5], version: round + 2);
            Assert.AreEqual((1, 5L), (_cache.Count, _cache.Bytes), "what is replaced is no longer counted");
            Keep("one more", new byte[1], version: round + 3);
            Assert.AreEqual((1, 1L), (_cache.Count, _cache.Bytes));
        }
    }
}
