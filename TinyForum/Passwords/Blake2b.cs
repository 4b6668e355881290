using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace TinyForum.Passwords;

/// <summary>BLAKE2b (RFC 7693), in one call. Plain scalar code: Argon2id spends none of its time here.</summary>
internal static class Blake2b
{
    private const int BlockBytes = 128;

    private static ReadOnlySpan<ulong> InitialState =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    /// <summary>Fills <paramref name="output"/> (1 to 64 bytes); its length is part of what is hashed. The two may overlap.</summary>
    public static void Hash(ReadOnlySpan<byte> input, Span<byte> output, ReadOnlySpan<byte> key = default)
    {
        Span<ulong> state = stackalloc ulong[8];
        InitialState.CopyTo(state);
        state[0] ^= 0x01010000UL ^ ((ulong)key.Length << 8) ^ (ulong)output.Length;

        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        ulong count = 0;
        if (!key.IsEmpty)
        {
            key.CopyTo(block);
            count = BlockBytes;
            if (!input.IsEmpty)
            {
                Compress(state, block, count, last: false);
                block.Clear();
            }
        }
        for (; input.Length > BlockBytes; input = input[BlockBytes..])
            Compress(state, input[..BlockBytes], count += BlockBytes, last: false);
        input.CopyTo(block);
        Compress(state, block, count + (ulong)input.Length, last: true);

        for (var i = 0; i < state.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(block[(8 * i)..], state[i]);
        block[..output.Length].CopyTo(output);
        CryptographicOperations.ZeroMemory(block);
        state.Clear();
    }

    private static void Compress(Span<ulong> state, ReadOnlySpan<byte> block, ulong count, bool last)
    {
        Span<ulong> m = stackalloc ulong[16];
        for (var i = 0; i < m.Length; i++)
            m[i] = BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
        Span<ulong> v = stackalloc ulong[16];
        state.CopyTo(v);
        InitialState.CopyTo(v[8..]);
        v[12] ^= count;
        v[14] ^= last ? ulong.MaxValue : 0;

        for (var round = 0; round < 12; round++)
        {
            var s = Schedule.Slice(round % 10 * 16, 16);
            for (var i = 0; i < 4; i++)
                Mix(ref v[i], ref v[4 + i], ref v[8 + i], ref v[12 + i], m[s[2 * i]], m[s[2 * i + 1]]);
            for (var i = 0; i < 4; i++)
                Mix(ref v[i], ref v[4 + (i + 1) % 4], ref v[8 + (i + 2) % 4], ref v[12 + (i + 3) % 4], m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
        }
        for (var i = 0; i < 8; i++)
            state[i] ^= v[i] ^ v[8 + i];
        m.Clear();
        v.Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref ulong a, ref ulong b, ref ulong c, ref ulong d, ulong x, ulong y)
    {
        a += b + x;
        d = BitOperations.RotateRight(d ^ a, 32);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 24);
        a += b + y;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 63);
    }
}
