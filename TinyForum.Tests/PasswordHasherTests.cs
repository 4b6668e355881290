using System.Diagnostics;
using System.Text;
using Konscious.Security.Cryptography;
using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class PasswordHasherTests(TestContext context) : IAsyncDisposable
{
    private const string Battery = "correct horse battery staple";

    private static readonly PasswordOptions Cheap = new() { MemoryKiB = 64, Iterations = 1 };

    private readonly PasswordHasher _hasher = new(Cheap, TimeProvider.System);

    public ValueTask DisposeAsync() => _hasher.DisposeAsync();

    [TestMethod]
    public async Task Todays_default_is_stored_as_a_PHC_string_with_its_cost()
    {
        await using var hasher = new PasswordHasher(new PasswordOptions(), TimeProvider.System);
        var stored = await hasher.HashAsync(Battery, context.CancellationToken);
        Assert.MatchesRegex(@"^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$", stored);
        var check = await hasher.VerifyAsync(stored, Battery, context.CancellationToken);
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: false), check);
    }

    [TestMethod]
    public async Task The_right_password_verifies_and_another_does_not()
    {
        var stored = await HashAsync(Battery);
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: false), await VerifyAsync(stored, Battery));
        foreach (var wrong in (string[])[Battery + " ", Battery[..^1], "correct horse battery Staple", "x", ""])
            Assert.AreEqual(new PasswordCheck(Correct: false, Outdated: false), await VerifyAsync(stored, wrong), wrong);
        Assert.AreNotEqual(stored, await HashAsync(Battery), "a salt is used once");
    }

    /// <summary>Made by version 0.1's first builds, which computed Argon2id themselves. Databases are full of these.</summary>
    [TestMethod]
    [DataRow("$argon2id$v=19$m=19456,t=2,p=1$u9Ual2u4E3mExb4Khd9Tsw$AYdUuwehZXNsUPJ81Zxf09Q/p8q9LbwQFKxI2E38VXM", Battery)]
    [DataRow("$argon2id$v=19$m=19456,t=2,p=1$thRP4A0cFa86niwb2hRoHw$HvA3MY2zW1fVrMj/kZc82WcgcEACAZH7eP5c1Faw0L8", "пароль 密码 🔑 ℌello")]
    [DataRow("$argon2id$v=19$m=47104,t=1,p=1$s9b+SsIOkEuKKYJC+4Yt0Q$GIE2N834ITAmdsQInNzJQhC7C0ITjDVVw+to4CqjIi4", "secret")]
    [DataRow("$argon2id$v=19$m=12288,t=3,p=1$bhMUTL6JHfJS22Dktb8qYw$GLYgXlQzXo9YL+irkafo6whdWa7JfbZU7cOD42qSeIk", "Ünïcödé ﬁ")]
    [DataRow("$argon2id$v=19$m=9216,t=4,p=1$ewEmr9MA+q5TC7b9ayCaFQ$EHZX7SRe3u/WXOTqHaBMz4yFh3kyHZdvyCxK4UBKijU", "12345")]
    [DataRow("$argon2id$v=19$m=7168,t=5,p=1$fuPc2fv0b7KhnGRBlRtztQ$gq5Fa23WZHnRoU5i+out5BDLVAWZY6dPb6UcDXwwWMo", "passwörd")]
    [DataRow("$argon2id$v=19$m=8,t=1,p=1$Vox4Ly+XttzUxHtx2EBoEw$esPbfWHgfgv3DCf6+o12X4C7J/5zdN+fi76YXEFVATo", "secret")]
    [DataRow("$argon2id$v=19$m=65536,t=3,p=4$rrX+n2O1D4XIerm5CdxuUw$bUE7tUpWlaxltj+UyeivbwH/JjXtj3KawspBKLrUKm0", "four lanes")]
    [DataRow(
        "$argon2id$v=19$m=256,t=2,p=3$P9WvvTb1cj2YZs+cDSVc4w$C74g/B1snZCOnvbITM7r9yKzKv5CftE0sz3F6EYQ59o",
        "a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, "
            + "a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, a long one, ")]
    public async Task A_string_that_an_earlier_build_made_verifies_and_is_outdated(string stored, string password)
    {
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: true), await VerifyAsync(stored, password));
        Assert.AreEqual(new PasswordCheck(Correct: false, Outdated: true), await VerifyAsync(stored, password + "x"));
    }

    [TestMethod]
    [DataRow("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM$HjSs/l763a1V3cnJksSmWnLaSHbkEYqaZDcnP/8/VtY")]
    [DataRow("$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQxMjM$04K29vyCZWyquUADnhoDTGos6EJl7cr1")]
    public async Task A_string_that_the_argon2_program_made_verifies_and_is_outdated(string stored)
    {
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: true), await VerifyAsync(stored, Battery));
        Assert.AreEqual(new PasswordCheck(Correct: false, Outdated: true), await VerifyAsync(stored, "wrong"));
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
        Assert.AreEqual(new PasswordCheck(Correct: true, Outdated: false), await VerifyAsync(stored, Battery), stored);
    }

    [TestMethod]
    public async Task Hundreds_of_random_strings_agree_with_the_reference_library()
    {
        if (!ReferenceArgon2.IsInstalled)
            Assert.Inconclusive("ARGON2ID IS NOT COMPARED WITH THE REFERENCE: libargon2.so.1 is missing (Debian: libargon2-1).");
        var random = new Random(9106);
        for (var i = 0; i < 300; i++)
        {
            var lanes = random.Next(1, 9);
            // Most sizes are no multiple of 4 · lanes; of the few large ones, some need three batches of addresses in a segment.
            var memory = random.Next(8 * lanes, random.Next(10) == 0 ? 1300 * lanes : 80 * lanes);
            var phc = new PhcString(memory, random.Next(1, 5), lanes, new byte[random.Next(8, 65)], new byte[random.Next(12, 65)]);
            random.NextBytes(phc.Salt);
            var password = string.Concat(random.GetItems<char>("abc ABC 123 äß é ю 中文 漢字", random.Next(1, 300)));
            var hash = ReferenceArgon2.Hash(
                Encoding.UTF8.GetBytes(password), phc.Salt, null, null, lanes, memory, phc.Iterations, phc.Hash.Length);
            var stored = (phc with { Hash = hash }).ToString();
            Assert.IsTrue((await VerifyAsync(stored, password)).Correct, $"case {i}: {stored} for {password}");
        }
    }

    /// <summary>Section 5.3. Passwords here have no secret and no associated data, so the package itself is asked.</summary>
    [TestMethod]
    public async Task The_vector_of_RFC_9106_with_secret_and_associated_data_comes_out()
    {
        using var argon2 = new Argon2id(Repeat(1, 32))
        {
            Salt = Repeat(2, 16),
            KnownSecret = Repeat(3, 8),
            AssociatedData = Repeat(4, 12),
            MemorySize = 32,
            Iterations = 3,
            DegreeOfParallelism = 4,
        };
        var tag = await argon2.GetBytesAsync(32);
        Assert.AreEqual("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", Convert.ToHexStringLower(tag));

        static byte[] Repeat(byte value, int count) => [.. Enumerable.Repeat(value, count)];
    }

    [TestMethod]
    [DataRow("cafe\u0301", DisplayName = "an accent typed apart")]
    [DataRow("caf\u00e9", DisplayName = "an accent in its letter")]
    [DataRow("\uff43\uff41\uff46\u00e9", DisplayName = "full-width letters")]
    public async Task A_password_typed_another_way_is_the_same(string password)
    {
        // The argon2 program's, for "café" in UTF-8, composed.
        const string stored = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM$Rh6urS3sUpx8bj1ugCfWkoD5y2Zio0KbF+zs48LXq+0";
        Assert.IsTrue((await VerifyAsync(stored, password)).Correct);
        Assert.IsTrue((await VerifyAsync(await HashAsync(password), "caf\u00e9")).Correct);
    }

    [TestMethod]
    public async Task A_password_that_is_not_Unicode_is_refused()
    {
        Assert.AreEqual(RefusalKind.Invalid, (await Assert.ThrowsExactlyAsync<RefusalException>(() => HashAsync("half a pair: \ud83d"))).Kind);
    }

    [TestMethod]
    public async Task Other_parameters_or_lengths_than_todays_are_outdated()
    {
        var stored = PhcString.Parse(await HashAsync(Battery));
        foreach (var other in (PhcString[])
            [
                stored with { MemoryKiB = 65 }, stored with { Iterations = 2 }, stored with { Parallelism = 2 },
                stored with { Salt = new byte[15] }, stored with { Hash = new byte[31] },
            ])
            Assert.IsTrue((await VerifyAsync(other.ToString(), Battery)).Outdated, other.ToString());
        Assert.IsFalse((await VerifyAsync(stored.ToString(), Battery)).Outdated);
    }

    [TestMethod]
    public async Task A_hash_that_is_cut_short_or_made_longer_does_not_verify()
    {
        var stored = PhcString.Parse(await HashAsync(Battery));
        foreach (var hash in (byte[][])[stored.Hash[..12], stored.Hash[..31], [.. stored.Hash, 0], [.. stored.Hash, .. stored.Hash]])
            Assert.IsFalse((await VerifyAsync((stored with { Hash = hash }).ToString(), Battery)).Correct, $"{hash.Length} bytes");
    }

    [TestMethod]
    public void The_pool_has_threads_left_while_passwords_are_hashed()
    {
        ThreadPool.GetMinThreads(out var threads, out _);
        Assert.IsGreaterThanOrEqualTo(Environment.ProcessorCount + PasswordHasher.MaxConcurrent, threads);
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
    public async Task A_stored_string_that_is_wrong_or_absurd_is_not_even_tried(string stored)
    {
        var failure = await Assert.ThrowsExactlyAsync<FormatException>(() => VerifyAsync(stored, Battery));
        Assert.DoesNotContain("c29t", failure.Message);
    }

    [TestMethod]
    public void A_cost_that_could_not_be_read_back_is_refused_at_the_start()
    {
        Assert.ThrowsExactly<StartException>(() => new PasswordHasher(new PasswordOptions { MemoryKiB = 7 }, TimeProvider.System));
        Assert.ThrowsExactly<StartException>(() => new PasswordHasher(new PasswordOptions { MemoryKiB = 2 << 20 }, TimeProvider.System));
    }

    private Task<string> HashAsync(string password) => _hasher.HashAsync(password, context.CancellationToken);

    private Task<PasswordCheck> VerifyAsync(string stored, string password) =>
        _hasher.VerifyAsync(stored, password, context.CancellationToken);

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
