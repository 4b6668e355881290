using TinyForum.Data;

namespace TinyForum.Tests;

[TestClass]
public sealed class CursorTests
{
    private readonly Cursors _cursors = new(new byte[32]);

    [TestMethod]
    public void A_position_comes_out_as_it_was_sealed_and_of_its_own_list_alone()
    {
        var cursor = _cursors.Seal("threads", new PagePosition(1, long.MinValue, long.MaxValue));
        CollectionAssert.AreEqual((long[])[1, long.MinValue, long.MaxValue], _cursors.Open("threads", cursor).Key.ToArray());
        Assert.ThrowsExactly<RefusalException>(() => _cursors.Open("replies", cursor));
        Assert.ThrowsExactly<RefusalException>(() => new Cursors([1, .. new byte[31]]).Open("threads", cursor));
    }

    [TestMethod]
    public void The_same_position_of_the_same_list_has_the_same_cursor_and_no_other_the_same_nonce()
    {
        const int NonceCharacters = 16; // twelve bytes
        Assert.AreEqual(Seal("threads", 1), Seal("threads", 1));
        string[] nonces = [.. new[] { Seal("threads", 1), Seal("threads", 2), Seal("replies", 1), Seal("replies", 2) }.Select(c => c[..NonceCharacters])];
        Assert.HasCount(nonces.Length, nonces.Distinct(), "two of a key with one nonce would give the key of GCM's tag away");

        string Seal(string list, long position) => _cursors.Seal(list, new PagePosition(position));
    }
}
