using System.Security.Cryptography;
using System.Text;

namespace TinyForum.Passwords;

/// <summary>
/// Turns passwords into strings to store, and tells whether a password is the stored one. The same password typed on another keyboard
/// is the same: it is put in Unicode's NFKC first. Its bytes are wiped after use; the strings that callers have are theirs.
/// </summary>
internal sealed class PasswordHasher : IAsyncDisposable
{
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private readonly PasswordOptions _options;
    private readonly HashingThreads _threads;

    public PasswordHasher(PasswordOptions options, TimeProvider time)
    {
        if (!PhcString.Allows(options.MemoryKiB, options.Iterations, options.Parallelism))
            throw new ArgumentException("A password's hash takes 8 KiB for each lane to 1 GiB, and 4 GiB over all passes.", nameof(options));
        _options = options;
        _threads = new HashingThreads(Environment.ProcessorCount, options.MaxWaiting, options.MaxWait, time);
    }

    /// <summary>How many hashes wait for a processor.</summary>
    public int Queued => _threads.Queued;

    /// <summary>How many hashes are being computed.</summary>
    public int Running => _threads.Running;

    /// <summary>The string to store for a password, with a new salt, at today's cost.</summary>
    /// <exception cref="RefusalException">400: the password is not Unicode.</exception>
    public string Hash(ReadOnlySpan<char> password)
    {
        var phc = new PhcString(
            _options.MemoryKiB, _options.Iterations, _options.Parallelism, RandomNumberGenerator.GetBytes(SaltBytes), new byte[HashBytes]);
        return (phc with { Hash = Compute(password, phc) }).ToString();
    }

    /// <summary>Whether <paramref name="password"/> is the one stored.</summary>
    /// <param name="stored">The stored string.</param>
    /// <param name="password">The password to try.</param>
    /// <param name="outdated">Whether the string is of another cost than today's: a right password is then best hashed anew.</param>
    /// <exception cref="FormatException"><paramref name="stored"/> is not a string that this class or the argon2 program made.</exception>
    /// <exception cref="RefusalException">400: the password is not Unicode.</exception>
    public bool Verify(string stored, ReadOnlySpan<char> password, out bool outdated)
    {
        var phc = PhcString.Parse(stored);
        outdated = (phc.MemoryKiB, phc.Iterations, phc.Parallelism, phc.Salt.Length, phc.Hash.Length)
            != (_options.MemoryKiB, _options.Iterations, _options.Parallelism, SaltBytes, HashBytes);
        var hash = Compute(password, phc);
        var same = CryptographicOperations.FixedTimeEquals(hash, phc.Hash);
        CryptographicOperations.ZeroMemory(hash);
        return same;
    }

    /// <summary><see cref="Hash"/>, when a processor is free.</summary>
    /// <exception cref="RefusalException">503: too many wait already, or this has waited too long.</exception>
    public Task<string> HashAsync(string password, CancellationToken cancellation) =>
        _threads.RunAsync(() => Hash(password), cancellation);

    /// <summary><see cref="Verify"/>, when a processor is free.</summary>
    /// <exception cref="RefusalException">503: too many wait already, or this has waited too long.</exception>
    public Task<PasswordCheck> VerifyAsync(string stored, string password, CancellationToken cancellation) =>
        _threads.RunAsync(() => new PasswordCheck(Verify(stored, password, out var outdated), outdated), cancellation);

    /// <summary>Takes no more passwords, and finishes those it has.</summary>
    public ValueTask DisposeAsync() => _threads.DisposeAsync();

    private static byte[] Compute(ReadOnlySpan<char> password, PhcString phc)
    {
        var bytes = NormalizedUtf8(password);
        try
        {
            using var argon2 = new Argon2id(bytes)
            {
                Salt = phc.Salt,
                MemorySize = phc.MemoryKiB,
                Iterations = phc.Iterations,
                DegreeOfParallelism = phc.Parallelism,
            };
            return argon2.GetBytes(phc.Hash.Length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static byte[] NormalizedUtf8(ReadOnlySpan<char> password)
    {
        try
        {
            // Pinned, so that the garbage collector leaves no copies behind when it moves things.
            var chars = GC.AllocateUninitializedArray<char>(password.GetNormalizedLength(NormalizationForm.FormKC), pinned: true);
            password.TryNormalize(chars, out var length, NormalizationForm.FormKC);
            var bytes = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(chars, 0, length), pinned: true);
            Encoding.UTF8.GetBytes(chars, 0, length, bytes, 0);
            Array.Clear(chars);
            return bytes;
        }
        catch (ArgumentException)
        {
            throw new RefusalException(RefusalKind.Invalid, "password is not valid Unicode");
        }
    }
}

/// <summary>The answer to a password: whether it is right, and whether its stored hash should be made anew at today's cost.</summary>
internal readonly record struct PasswordCheck(bool Correct, bool Outdated);
