using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TinyForum.Passwords;

/// <summary>
/// The compression function G of RFC 9106, section 3.5, over blocks of 128 words: an 8 × 8 matrix of word pairs, mixed by rows,
/// then by columns, and XORed with its inputs. Four words at a time with AVX2, else one at a time; AVX-512 adds its rotation.
/// It comes in two halves, so that the caller can learn a block's first word, and with it where the next block will read,
/// while most of the columns are still to be done.
/// </summary>
/// <remarks>
/// Compiled at once in full: tiered compilation would make the first logins after a start ten times slower.
/// </remarks>
internal static unsafe class Argon2Block
{
    public const int Words = 128;
    public const int Bytes = 8 * Words;
    public const int Columns = 8;

    /// <summary>Writes the rows' mixing of <paramref name="x"/> XOR <paramref name="y"/> to <paramref name="state"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MixRows(ulong* x, ulong* y, ulong* state)
    {
        if (!Avx2.IsSupported)
        {
            MixRowsByWord(x, y, state);
            return;
        }
        Vector256<ulong>* p = (Vector256<ulong>*)x, q = (Vector256<ulong>*)y, s = (Vector256<ulong>*)state;
        for (var i = 0; i < 32; i += 8)
        {
            // Two rows of sixteen words abreast: one row alone would leave the multiplier waiting.
            var (a, e) = (p[i] ^ q[i], p[i + 4] ^ q[i + 4]);
            var (b, f) = (p[i + 1] ^ q[i + 1], p[i + 5] ^ q[i + 5]);
            var (c, g) = (p[i + 2] ^ q[i + 2], p[i + 6] ^ q[i + 6]);
            var (d, h) = (p[i + 3] ^ q[i + 3], p[i + 7] ^ q[i + 7]);
            Mix(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            (b, c, d) = (Turn(b, 1), Turn(c, 2), Turn(d, 3));
            (f, g, h) = (Turn(f, 1), Turn(g, 2), Turn(h, 3));
            Mix(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            (s[i], s[i + 1], s[i + 2], s[i + 3]) = (a, Turn(b, 3), Turn(c, 2), Turn(d, 1));
            (s[i + 4], s[i + 5], s[i + 6], s[i + 7]) = (e, Turn(f, 3), Turn(g, 2), Turn(h, 1));
        }
    }

    /// <summary>
    /// Mixes the columns from <paramref name="first"/> up to <paramref name="end"/> (both even) of <paramref name="state"/>, and writes
    /// them XOR <paramref name="x"/> XOR <paramref name="y"/> XOR <paramref name="old"/> to <paramref name="result"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MixColumns(int first, int end, ulong* state, ulong* x, ulong* y, ulong* old, ulong* result)
    {
        if (!Avx2.IsSupported)
        {
            MixColumnsByWord(first, end, state, x, y, old, result);
            return;
        }
        Vector256<ulong>* s = (Vector256<ulong>*)state, r = (Vector256<ulong>*)result;
        Vector256<ulong>* p = (Vector256<ulong>*)x, q = (Vector256<ulong>*)y, o = (Vector256<ulong>*)old;
        for (var i = first / 2; i < end / 2; i++)
        {
            // A vector holds a pair of words of two columns: sixteen words of either in eight vectors.
            var (a, e) = (s[i], s[i + 4]);
            var (b, f) = (s[i + 8], s[i + 12]);
            var (c, g) = (s[i + 16], s[i + 20]);
            var (d, h) = (s[i + 24], s[i + 28]);
            Mix(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
            (b, f) = (Straddle(b, f), Straddle(f, b));
            (d, h) = (Straddle(h, d), Straddle(d, h));
            Mix(ref a, ref b, ref g, ref d, ref e, ref f, ref c, ref h);
            r[i] = a ^ p[i] ^ q[i] ^ o[i];
            r[i + 4] = e ^ p[i + 4] ^ q[i + 4] ^ o[i + 4];
            r[i + 8] = Straddle(f, b) ^ p[i + 8] ^ q[i + 8] ^ o[i + 8];
            r[i + 12] = Straddle(b, f) ^ p[i + 12] ^ q[i + 12] ^ o[i + 12];
            r[i + 16] = c ^ p[i + 16] ^ q[i + 16] ^ o[i + 16];
            r[i + 20] = g ^ p[i + 20] ^ q[i + 20] ^ o[i + 20];
            r[i + 24] = Straddle(d, h) ^ p[i + 24] ^ q[i + 24] ^ o[i + 24];
            r[i + 28] = Straddle(h, d) ^ p[i + 28] ^ q[i + 28] ^ o[i + 28];
        }
    }

    /// <summary>Asks for a block to be brought near: its sixteen cache lines come while other work is done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ulong* block)
    {
        for (var i = 0; Sse.IsSupported && i < Words; i += 8)
            Sse.Prefetch0(block + i);
    }

    /// <summary>GB of RFC 9106, section 3.6, on two sets of four vectors, step by step side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector256<ulong> a, ref Vector256<ulong> b, ref Vector256<ulong> c, ref Vector256<ulong> d,
        ref Vector256<ulong> e, ref Vector256<ulong> f, ref Vector256<ulong> g, ref Vector256<ulong> h)
    {
        (a, e) = (MultiplyAdd(a, b), MultiplyAdd(e, f));
        (d, h) = (RotateRight(d ^ a, 32), RotateRight(h ^ e, 32));
        (c, g) = (MultiplyAdd(c, d), MultiplyAdd(g, h));
        (b, f) = (RotateRight(b ^ c, 24), RotateRight(f ^ g, 24));
        (a, e) = (MultiplyAdd(a, b), MultiplyAdd(e, f));
        (d, h) = (RotateRight(d ^ a, 16), RotateRight(h ^ e, 16));
        (c, g) = (MultiplyAdd(c, d), MultiplyAdd(g, h));
        (b, f) = (RotateRight(b ^ c, 63), RotateRight(f ^ g, 63));
    }

    /// <summary>a + b + 2 · low(a) · low(b): what makes each step as costly to special hardware as to a processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> MultiplyAdd(Vector256<ulong> a, Vector256<ulong> b)
    {
        var product = Avx2.Multiply(a.AsUInt32(), b.AsUInt32());
        return a + b + (product + product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight(Vector256<ulong> v, [ConstantExpected] byte bits)
    {
        if (Avx512F.VL.IsSupported)
            return Avx512F.VL.RotateRight(v, bits);
        return bits switch
        {
            32 => Avx2.Shuffle(v.AsUInt32(), 0b10_11_00_01).AsUInt64(),
            24 => ShuffleBytes(v, Vector128.Create((byte)3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)),
            16 => ShuffleBytes(v, Vector128.Create((byte)2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9)),
            _ => (v >>> bits) ^ (v << (64 - bits)),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> ShuffleBytes(Vector256<ulong> v, Vector128<byte> order) =>
        Avx2.Shuffle(v.AsByte(), Vector256.Create(order, order)).AsUInt64();

    /// <summary>Turns the four words left by <paramref name="by"/> places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Turn(Vector256<ulong> v, [ConstantExpected] int by) => by switch
    {
        1 => Avx2.Permute4x64(v, 0b00_11_10_01),
        2 => Avx2.Permute4x64(v, 0b01_00_11_10),
        _ => Avx2.Permute4x64(v, 0b10_01_00_11),
    };

    /// <summary>In each half: the second word of <paramref name="left"/>, then the first of <paramref name="right"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Straddle(Vector256<ulong> left, Vector256<ulong> right) =>
        Avx2.AlignRight(right.AsByte(), left.AsByte(), 8).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixRowsByWord(ulong* x, ulong* y, ulong* state)
    {
        for (var i = 0; i < Words; i++)
            state[i] = x[i] ^ y[i];
        for (var row = 0; row < Words; row += 16)
            PermuteByWord(state + row, 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixColumnsByWord(int first, int end, ulong* state, ulong* x, ulong* y, ulong* old, ulong* result)
    {
        for (var column = 2 * first; column < 2 * end; column += 2)
        {
            PermuteByWord(state + column, 16);
            for (var i = column; i < Words; i += 16)
            {
                result[i] = state[i] ^ x[i] ^ y[i] ^ old[i];
                result[i + 1] = state[i + 1] ^ x[i + 1] ^ y[i + 1] ^ old[i + 1];
            }
        }
    }

    /// <summary>The permutation P on eight pairs of words, each <paramref name="stride"/> words after the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PermuteByWord(ulong* v, int stride)
    {
        ulong* b = v + 2 * stride, c = v + 4 * stride, d = v + 6 * stride;
        Mix(ref v[0], ref b[0], ref c[0], ref d[0]);
        Mix(ref v[1], ref b[1], ref c[1], ref d[1]);
        Mix(ref v[stride], ref b[stride], ref c[stride], ref d[stride]);
        Mix(ref v[stride + 1], ref b[stride + 1], ref c[stride + 1], ref d[stride + 1]);
        Mix(ref v[0], ref b[1], ref c[stride], ref d[stride + 1]);
        Mix(ref v[1], ref b[stride], ref c[stride + 1], ref d[0]);
        Mix(ref v[stride], ref b[stride + 1], ref c[0], ref d[1]);
        Mix(ref v[stride + 1], ref b[0], ref c[1], ref d[stride]);
    }

    /// <summary>GB of RFC 9106, section 3.6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref ulong first, ref ulong second, ref ulong third, ref ulong fourth)
    {
        var (a, b, c, d) = (first, second, third, fourth);
        a += b + 2 * (ulong)(uint)a * (uint)b;
        d = BitOperations.RotateRight(d ^ a, 32);
        c += d + 2 * (ulong)(uint)c * (uint)d;
        b = BitOperations.RotateRight(b ^ c, 24);
        a += b + 2 * (ulong)(uint)a * (uint)b;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d + 2 * (ulong)(uint)c * (uint)d;
        b = BitOperations.RotateRight(b ^ c, 63);
        (first, second, third, fourth) = (a, b, c, d);
    }
}
