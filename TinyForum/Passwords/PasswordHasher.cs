using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;
using TinyForum.Concurrency;

namespace TinyForum.Passwords;

/// <summary>
/// Turns passwords into strings to store, and tells whether a password is the stored one. The same password typed on another keyboard
/// is the same: it is put in Unicode's NFKC first. Thread-safe.
/// </summary>
/// <remarks>
/// The password's bytes are wiped after use. The strings that callers have are theirs, and the Argon2 package leaves copies of the bytes
/// and its whole matrix to the garbage collector, unwiped: who can read the process's memory may find them.
/// </remarks>
internal sealed class PasswordHasher : IAsyncDisposable
{
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>Types of the assemblies that hashing needs: to name them is to load them.</summary>
    public static IReadOnlyList<Type> Needed { get; } = [typeof(Argon2id), typeof(HMACBlake2B)];

    private readonly PasswordOptions _options;
    private readonly WorkLimiter _limiter;

    public PasswordHasher(PasswordOptions options, TimeProvider time)
    {
        if (!PhcString.Allows(options.MemoryKiB, options.Iterations, options.Parallelism))
        {
            throw new StartException($"the memory for a password's hash {PhcString.CostRule}, "
                + $"of which there may be 1 to {PhcString.MaxWorkKiB / Math.Max(options.MemoryKiB, PhcString.MinMemoryKiB)} with {options.MemoryKiB} KiB");
        }
        _options = options;
        _limiter = new WorkLimiter(MaxConcurrent, options.MaxWaiting, options.MaxWait, time);
        // Lanes are computed on the pool's threads, which also serve requests: without more of them a pool of one or two would do
        // nothing else during a flood of logins.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + MaxConcurrent * options.Parallelism), ports);
    }

    /// <summary>
    /// How many hashes of today's memory are computed at once: half of the processors are left to everything else, as the threads that
    /// compute them go no later than others.
    /// </summary>
    public static int MaxConcurrent => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How many hashes wait for their turn; one of more memory than today's counts as several.</summary>
    public int Queued => _limiter.Queued;

    /// <summary>How many hashes are being computed; one of more memory than today's counts as several.</summary>
    public int Running => _limiter.Running;

    /// <summary>The string to store for a password, with a new salt, at today's cost, when its turn has come.</summary>
    /// <exception cref="ArgumentException">The password is empty.</exception>
    /// <exception cref="RefusalException">Invalid: the password is not Unicode. Busy: too many wait already, or this has waited too long.</exception>
    public async Task<string> HashAsync(string password, CancellationToken cancellation)
    {
        var phc = new PhcString(
            _options.MemoryKiB, _options.Iterations, _options.Parallelism, RandomNumberGenerator.GetBytes(SaltBytes), new byte[HashBytes]);
        return (phc with { Hash = await ComputeAsync(password, phc, cancellation).ConfigureAwait(false) }).ToString();
    }

    /// <summary>Whether <paramref name="password"/> is the one stored, when its turn has come.</summary>
    /// <exception cref="FormatException"><paramref name="stored"/> is not a string that this class or the argon2 program made.</exception>
    /// <exception cref="RefusalException">Invalid: the password is not Unicode. Busy: too many wait already, or this has waited too long.</exception>
    public async Task<PasswordCheck> VerifyAsync(string stored, string password, CancellationToken cancellation)
    {
        var phc = PhcString.Parse(stored);
        var outdated = (phc.MemoryKiB, phc.Iterations, phc.Parallelism, phc.Salt.Length, phc.Hash.Length)
            != (_options.MemoryKiB, _options.Iterations, _options.Parallelism, SaltBytes, HashBytes);
        if (password.Length == 0)
            return new PasswordCheck(Correct: false, outdated);
        var hash = await ComputeAsync(password, phc, cancellation).ConfigureAwait(false);
        var correct = CryptographicOperations.FixedTimeEquals(hash, phc.Hash);
        CryptographicOperations.ZeroMemory(hash);
        return new PasswordCheck(correct, outdated);
    }

    /// <summary>Takes no more passwords, and refuses those that wait.</summary>
    public ValueTask DisposeAsync() => _limiter.DisposeAsync();

    private Task<byte[]> ComputeAsync(string password, PhcString phc, CancellationToken cancellation)
    {
        // A stored hash of more memory than today's takes the place of several, so that memory is bounded whatever is stored.
        var weight = (phc.MemoryKiB + _options.MemoryKiB - 1) / _options.MemoryKiB;
        return _limiter.RunAsync(weight, () => ComputeAsync(password, phc), cancellation);
    }

    private static async Task<byte[]> ComputeAsync(string password, PhcString phc)
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
            return await argon2.GetBytesAsync(phc.Hash.Length).ConfigureAwait(false);
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
