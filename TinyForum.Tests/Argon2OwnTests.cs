using TinyForum.Passwords;

namespace TinyForum.Tests;

/// <summary>What our Argon2id promises beyond what any other of its shape does.</summary>
[TestClass]
public sealed class Argon2OwnTests
{
    [TestMethod]
    [DataRow(16, 64, 1, 1, 3, "length", DisplayName = "a tag of 3 bytes")]
    [DataRow(16, 64, 1, 1, -1, "length", DisplayName = "a tag of -1 bytes")]
    [DataRow(7, 64, 1, 1, 32, nameof(Argon2id.Salt), DisplayName = "a salt of 7 bytes")]
    [DataRow(16, 31, 1, 4, 32, nameof(Argon2id.MemorySize), DisplayName = "less than 8 KiB a lane")]
    [DataRow(16, -64, 1, 1, 32, nameof(Argon2id.MemorySize), DisplayName = "negative memory")]
    [DataRow(16, 64, 0, 1, 32, nameof(Argon2id.Iterations), DisplayName = "no iteration")]
    [DataRow(16, 64, 1, 0, 32, nameof(Argon2id.DegreeOfParallelism), DisplayName = "no lane")]
    [DataRow(16, int.MaxValue, 1, 1 << 24, 32, nameof(Argon2id.DegreeOfParallelism), DisplayName = "2^24 lanes")]
    public void A_wrong_parameter_is_refused_by_name(int salt, int kib, int passes, int lanes, int tag, string parameter)
    {
        using var argon2 = new Argon2id([1]) { Salt = new byte[salt], MemorySize = kib, Iterations = passes, DegreeOfParallelism = lanes };
        Assert.AreEqual(parameter, Assert.ThrowsExactly<ArgumentException>(() => argon2.GetBytes(tag)).ParamName);
    }

    [TestMethod]
    public void A_missing_salt_and_a_missing_password_are_refused()
    {
        using var argon2 = new Argon2id([1]) { MemorySize = 64, Iterations = 1, DegreeOfParallelism = 1 };
        Assert.AreEqual("Salt", Assert.ThrowsExactly<ArgumentException>(() => argon2.GetBytes(32)).ParamName);
        Assert.AreEqual("password", Assert.ThrowsExactly<ArgumentNullException>(() => new Argon2id(null!)).ParamName);
    }

    [TestMethod]
    public void Once_wiped_it_hashes_no_more_and_the_callers_bytes_are_untouched()
    {
        byte[] password = [1, 2, 3];
        var argon2 = new Argon2id(password) { Salt = new byte[16], MemorySize = 64, Iterations = 1, DegreeOfParallelism = 1 };
        argon2.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => argon2.GetBytes(32));
        CollectionAssert.AreEqual((byte[])[1, 2, 3], password);
    }

    [TestMethod]
    public unsafe void Memory_is_wiped_before_it_is_used_again()
    {
        const int bytes = 37 << 20;
        using (var first = Argon2Memory.Rent(bytes))
            new Span<byte>(first.Start, bytes).Fill(0xA5);
        using var second = Argon2Memory.Rent(bytes);
        Assert.AreEqual(-1, new Span<byte>(second.Start, bytes).IndexOfAnyExcept((byte)0));
    }
}
