using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TinyForum.Passwords;

/// <summary>
/// Argon2id, version 1.3 (RFC 9106): a hash made slow and large on purpose, for passwords. It has the shape of the class of the same name
/// in Konscious.Security.Cryptography, so that either serves where it is used.
/// </summary>
/// <param name="password">The password, P of RFC 9106, section 3.1, of any length. It is copied: the caller wipes its own.</param>
public sealed class Argon2id(byte[] password) : IDisposable
{
    private const int Version = 0x13;
    private const int Type = 2;
    private const int SeedBytes = 64;

    private readonly byte[] _password = Pinned(password);
    private bool _disposed;

    /// <summary>The nonce S of RFC 9106, section 3.1, new for every password: 16 bytes recommended, no less than 8 taken.</summary>
    public byte[]? Salt { get; set; }

    /// <summary>The secret value K of RFC 9106, section 3.1, if any: kept apart from the hashes, it makes them useless alone.</summary>
    public byte[]? KnownSecret { get; set; }

    /// <summary>The associated data X of RFC 9106, section 3.1, if there is any: hashed along.</summary>
    public byte[]? AssociatedData { get; set; }

    /// <summary>The lanes p of RFC 9106, section 3.1, 1 to 2²⁴ - 1: computed in parallel, as far as there are processors.</summary>
    public int DegreeOfParallelism { get; set; }

    /// <summary>The memory size m of RFC 9106, section 3.1, in KiB: at least 8 for each lane.</summary>
    public int MemorySize { get; set; }

    /// <summary>The number of passes t of RFC 9106, section 3.1, at least 1.</summary>
    public int Iterations { get; set; }

    /// <summary>Computes the tag of RFC 9106, section 3.2, at the cost that the properties set. May be called again.</summary>
    /// <param name="length">The tag's length T in bytes, at least 4. It is hashed too: a shorter tag is no prefix of a longer one.</param>
    /// <returns>The tag.</returns>
    /// <exception cref="ArgumentException">A property or the length is out of its range; the message says which, and the rule.</exception>
    /// <exception cref="OutOfMemoryException">The system does not have <see cref="MemorySize"/> to give.</exception>
    /// <exception cref="ObjectDisposedException">The password has been wiped.</exception>
    public byte[] GetBytes(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Require(length >= 4, nameof(length), "A tag has at least 4 bytes.");
        Require(Salt is { Length: >= 8 }, nameof(Salt), "A salt has at least 8 bytes.");
        Require(DegreeOfParallelism is >= 1 and < 1 << 24, nameof(DegreeOfParallelism), "There are 1 to 2^24 - 1 lanes.");
        Require(MemorySize / 8 >= DegreeOfParallelism, nameof(MemorySize), "Memory is at least 8 KiB for each lane.");
        Require(Iterations >= 1, nameof(Iterations), "There is at least 1 iteration.");

        using var matrix = new Argon2Matrix(DegreeOfParallelism, MemorySize, Iterations);
        Span<byte> seed = stackalloc byte[SeedBytes + 2 * sizeof(int)];
        Seed(length, seed[..SeedBytes]);
        for (var lane = 0; lane < DegreeOfParallelism; lane++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(seed[(SeedBytes + sizeof(int))..], lane);
            for (var column = 0; column < 2; column++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(seed[SeedBytes..], column);
                HashToLength(seed, matrix[(uint)lane, (uint)column]);
            }
        }
        CryptographicOperations.ZeroMemory(seed);
        matrix.Fill();
        var tag = new byte[length];
        HashToLength(matrix.Fold(), tag);
        return tag;
    }

    /// <summary>Wipes this object's copy of the password. All other memory is wiped when <see cref="GetBytes"/> returns.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_password);
        _disposed = true;
    }

    private static void Require(bool rule, string parameter, string message)
    {
        if (!rule)
            throw new ArgumentException(message, parameter);
    }

    /// <summary>A copy that the garbage collector will not move, which would leave another behind.</summary>
    private static byte[] Pinned(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes, nameof(password));
        var copy = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(copy, 0);
        return copy;
    }

    /// <summary>H₀ of RFC 9106, section 3.2: the hash of every parameter and input, each with its length.</summary>
    private void Seed(int tagLength, Span<byte> seed)
    {
        byte[][] inputs = [_password, Salt!, KnownSecret ?? [], AssociatedData ?? []];
        ReadOnlySpan<int> numbers = [DegreeOfParallelism, tagLength, MemorySize, Iterations, Version, Type];
        var length = sizeof(int) * (numbers.Length + inputs.Length) + inputs.Sum(input => input.Length);
        var all = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        var rest = all.AsSpan();
        foreach (var number in numbers)
            rest = Append(rest, number);
        foreach (var input in inputs)
        {
            rest = Append(rest, input.Length);
            input.CopyTo(rest);
            rest = rest[input.Length..];
        }
        Blake2b.Hash(all, seed);
        CryptographicOperations.ZeroMemory(all);
    }

    private static Span<byte> Append(Span<byte> to, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, number);
        return to[sizeof(int)..];
    }

    /// <summary>H' of RFC 9106, section 3.3: BLAKE2b, chained to give any length.</summary>
    private static void HashToLength(ReadOnlySpan<byte> input, Span<byte> output)
    {
        Span<byte> prefixed = stackalloc byte[sizeof(int) + input.Length];
        input.CopyTo(Append(prefixed, output.Length));
        if (output.Length <= 64)
            Blake2b.Hash(prefixed, output);
        else
        {
            Span<byte> link = stackalloc byte[64];
            for (Blake2b.Hash(prefixed, link); ; Blake2b.Hash(link, link))
            {
                link[..32].CopyTo(output);
                output = output[32..];
                if (output.Length <= 64)
                    break;
            }
            Blake2b.Hash(link, output);
            CryptographicOperations.ZeroMemory(link);
        }
        CryptographicOperations.ZeroMemory(prefixed);
    }
}
