using System.Diagnostics;
using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class PasswordHasherTests(TestContext context) : IAsyncDisposable
{
    private const string Battery = "correct horse battery staple";

    private static readonly PasswordOptions cheap = new() { MemoryKiB = 64, Iterations = 1 };

    private readonly PasswordHasher _hasher = new(cheap, TimeProvider.System);

    public ValueTask DisposeAsync() => _hasher.DisposeAsync();

    [TestMethod]
    public async Task Todays_default_is_stored_as_a_PHC_string_with_its_cost()
    {
        await using var hasher = new PasswordHasher(new PasswordOptions(), TimeProvider.System);
        var stored = await hasher.HashAsync(Battery, context.CancellationToken);
        Assert.MatchesRegex(@"^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$", stored);
        var check = await hasher.VerifyAsync(stored, Battery, context.CancellationToken);
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: false), check);
    }

    [TestMethod]
    public void The_right_password_verifies_and_another_does_not()
    {
        var stored = _hasher.Hash(Battery);
        Assert.IsTrue(_hasher.Verify(stored, Battery, out var outdated));
        Assert.IsFalse(outdated);
        Assert.IsFalse(_hasher.Verify(stored, Battery + " ", out _));
        Assert.IsFalse(_hasher.Verify(stored, "", out _));
        Assert.AreNotEqual(stored, _hasher.Hash(Battery), "a salt is used once");
    }

    [TestMethod]
    [DataRow("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM$HjSs/l763a1V3cnJksSmWnLaSHbkEYqaZDcnP/8/VtY")]
    [DataRow("$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQxMjM$04K29vyCZWyquUADnhoDTGos6EJl7cr1")]
    public void A_string_that_the_argon2_program_made_verifies_and_is_outdated(string stored)
    {
        Assert.IsTrue(_hasher.Verify(stored, Battery, out var outdated));
        Assert.IsTrue(outdated);
        Assert.IsFalse(_hasher.Verify(stored, "wrong", out _));
    }

    [TestMethod]
    public async Task A_string_that_the_argon2_program_makes_now_verifies()
    {
        using var program = Start("argon2", "saltsaltsaltsalt", "-id", "-t", "1", "-k", "64", "-p", "1", "-l", "32", "-e");
        if (program is null)
            Assert.Inconclusive("STORED PASSWORDS ARE NOT CHECKED AGAINST THE ARGON2 PROGRAM: it is missing (Debian: argon2).");
        await program.StandardInput.WriteAsync(Battery);
        program.StandardInput.Close();
        var stored = (await program.StandardOutput.ReadToEndAsync(context.CancellationToken)).Trim();
        Assert.IsTrue(_hasher.Verify(stored, Battery, out var outdated), stored);
        Assert.IsFalse(outdated);
    }

    [TestMethod]
    [DataRow("cafe\u0301", DisplayName = "an accent typed apart")]
    [DataRow("caf\u00e9", DisplayName = "an accent in its letter")]
    [DataRow("\uff43\uff41\uff46\u00e9", DisplayName = "full-width letters")]
    public void A_password_typed_another_way_is_the_same(string password)
    {
        // The argon2 program's, for "café" in UTF-8, composed.
        const string stored = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0";
        Assert.IsTrue(_hasher.Verify(stored, password, out _));
    }

    [TestMethod]
    public void A_password_that_is_not_Unicode_is_refused()
    {
        Assert.AreEqual(RefusalKind.Invalid, Assert.ThrowsExactly<RefusalException>(() => _hasher.Hash("half a pair: \ud83d")).Kind);
    }

    [TestMethod]
    [DataRow("", DisplayName = "nothing")]
    [DataRow(Battery, DisplayName = "a plain password")]
    [DataRow("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "another kind")]
    [DataRow("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "another version")]
    [DataRow("$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "a leading zero")]
    [DataRow("$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "another order")]
    [DataRow("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+1", DisplayName = "stray bits")]
    [DataRow("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM=$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "padding")]
    [DataRow("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "base64 of no length")]
    [DataRow("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0\n", DisplayName = "a line's end")]
    [DataRow("$argon2id$v=19$m=1048577,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "over 1 GiB")]
    [DataRow("$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "4 TiB")]
    [DataRow("$argon2id$v=19$m=64,t=9999999,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "minutes of work")]
    [DataRow("$argon2id$v=19$m=64,t=1,p=9$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "too many lanes")]
    [DataRow("$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0", DisplayName = "no pass")]
    public void A_stored_string_that_is_wrong_or_absurd_is_not_even_tried(string stored)
    {
        var failure = Assert.ThrowsExactly<FormatException>(() => _hasher.Verify(stored, Battery, out _));
        Assert.DoesNotContain("c29t", failure.Message);
    }

    [TestMethod]
    public void A_cost_that_could_not_be_read_back_is_refused_at_the_start()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new PasswordHasher(new PasswordOptions { MemoryKiB = 7 }, TimeProvider.System));
        Assert.ThrowsExactly<ArgumentException>(() => new PasswordHasher(new PasswordOptions { MemoryKiB = 2 << 20 }, TimeProvider.System));
    }

    private static Process? Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
