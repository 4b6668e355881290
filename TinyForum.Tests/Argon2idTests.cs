using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TinyForum.Passwords;

namespace TinyForum.Tests;

/// <summary>CI runs these with AVX2, without it, and with no vectors at all.</summary>
[TestClass]
public sealed class Argon2idTests(TestContext context)
{
    [TestMethod]
    public void The_vector_of_RFC_9106_with_secret_and_associated_data_comes_out()
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
        Assert.AreEqual("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", Convert.ToHexStringLower(argon2.GetBytes(32)));
    }

    [TestMethod]
    public void Hundreds_of_random_cases_agree_with_the_reference_library()
    {
        if (!ReferenceArgon2.IsInstalled)
            Assert.Inconclusive("ARGON2ID IS NOT COMPARED WITH THE REFERENCE: libargon2.so.1 is missing (Debian: libargon2-1).");
        context.WriteLine($"AVX2 {Avx2.IsSupported}, AVX-512 {Avx512F.VL.IsSupported}, 128-bit vectors {Vector128.IsHardwareAccelerated}");
        var random = new Random(9106);
        for (var i = 0; i < 400; i++)
        {
            var sample = Case.Random(random);
            CollectionAssert.AreEqual(sample.Reference(), sample.Ours(), $"case {i}: {sample}");
        }
    }

    [TestMethod]
    public void The_cost_of_today_agrees_with_the_reference_program()
    {
        using var argon2 = Valid("password"u8.ToArray());
        argon2.Salt = "somesalt"u8.ToArray();
        (argon2.MemorySize, argon2.Iterations) = (19456, 2);
        Assert.AreEqual("3cbd356a63f2794bb11bb1f4bc8af95fea87919bd69c79860465c562f87ccf61", Convert.ToHexStringLower(argon2.GetBytes(32)));
    }

    [TestMethod]
    public void The_same_hash_comes_out_again_and_from_many_threads()
    {
        using var argon2 = Valid([1]);
        argon2.MemorySize = 4096;
        argon2.DegreeOfParallelism = 3;
        var expected = argon2.GetBytes(32);
        Parallel.For(0, 16, _ => CollectionAssert.AreEqual(expected, argon2.GetBytes(32)));
    }

    private static byte[] Repeat(byte value, int count) => [.. Enumerable.Repeat(value, count)];

    private static Argon2id Valid(byte[] password) =>
        new(password) { Salt = new byte[16], MemorySize = 64, Iterations = 1, DegreeOfParallelism = 1 };

    private sealed record Case(
        byte[] Password, byte[] Salt, byte[]? Secret, byte[]? Data, int Lanes, int KiB, int Passes, int TagLength)
    {
        // Every class of tag length: within one BLAKE2b, its whole, one link more, and chains ending at and around each multiple of 32.
        private static readonly int[] tagLengths =
            [4, 5, 16, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 160, 161, 512, 1000, 1024, 1025];

        private static readonly int[] inputLengths = [1, 7, 32, 63, 64, 127, 128, 129, 1000, 5000];

        public static Case Random(Random random)
        {
            var lanes = random.Next(1, 9);
            // Most sizes are not a multiple of 4 · lanes; of the few large ones, some need three batches of addresses in a segment.
            var kib = random.Next(8 * lanes, random.Next(10) == 0 ? 1300 * lanes : 80 * lanes);
            var salt = new byte[random.Next(8, 65)];
            random.NextBytes(salt);
            var tagLength = tagLengths[random.Next(tagLengths.Length)];
            return new Case(Input(random) ?? [], salt, Input(random), Input(random), lanes, kib, random.Next(1, 5), tagLength);
        }

        public byte[] Reference() => ReferenceArgon2.Hash(Password, Salt, Secret, Data, Lanes, KiB, Passes, TagLength);

        public byte[] Ours()
        {
            using var argon2 = new Argon2id(Password)
            {
                Salt = Salt,
                KnownSecret = Secret,
                AssociatedData = Data,
                DegreeOfParallelism = Lanes,
                MemorySize = KiB,
                Iterations = Passes,
            };
            return argon2.GetBytes(TagLength);
        }

        public override string ToString() =>
            $"m={KiB} t={Passes} p={Lanes} tag={TagLength} "
            + $"password={Password.Length} salt={Salt.Length} secret={Secret?.Length} data={Data?.Length}";

        private static byte[]? Input(Random random)
        {
            if (random.Next(4) == 0)
                return null;
            var bytes = new byte[inputLengths[random.Next(inputLengths.Length)]];
            random.NextBytes(bytes);
            return bytes;
        }
    }
}
