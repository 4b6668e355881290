using TinyForum.Passwords;

namespace TinyForum.Tests;

[TestClass]
public sealed class Blake2bTests
{
    [TestMethod]
    public void The_example_of_RFC_7693_comes_out()
    {
        Assert.AreEqual(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
            Hex(Hash("abc"u8, 64)));
    }

    [TestMethod]
    public void The_self_test_of_RFC_7693_with_keys_and_four_lengths_comes_out()
    {
        var hashes = new List<byte>();
        foreach (var length in (int[])[20, 32, 48, 64])
        {
            foreach (var inputLength in (int[])[0, 3, 128, 129, 255, 1024])
            {
                var input = Sequence(inputLength);
                hashes.AddRange(Hash(input, length));
                hashes.AddRange(Hash(input, length, Sequence(length)));
            }
        }
        Assert.AreEqual("c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475", Hex(Hash(hashes.ToArray(), 32)));
    }

    /// <summary>What another implementation, Python's hashlib, makes of the bytes 0 to 250 over and over.</summary>
    [TestMethod]
    [DataRow(0, "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce")]
    [DataRow(1, "2fa3f686df876995167e7c2e5d74c4c7b6e48f8068fe0e44208344d480f7904c36963e44115fe3eb2a3ac8694c28bcb4f5a0f3276f2e79487d8219057a506e4b")]
    [DataRow(127, "b6292669ccd38d5f01caae96ba272c76a879a45743afa0725d83b9ebb26665b731f1848c52f11972b6644f554c064fa90780dbbbf3a89d4fc31f67df3e5857ef")]
    [DataRow(128, "2319e3789c47e2daa5fe807f61bec2a1a6537fa03f19ff32e87eecbfd64b7e0e8ccff439ac333b040f19b0c4ddd11a61e24ac1fe0f10a039806c5dcc0da3d115")]
    [DataRow(129, "f59711d44a031d5f97a9413c065d1e614c417ede998590325f49bad2fd444d3e4418be19aec4e11449ac1a57207898bc57d76a1bcf3566292c20c683a5c4648f")]
    [DataRow(256, "93463ac058b6163eb43be3f5bb32b28541498f4e3366f1effe253ad44e1e076e41c3616046027c82a7124f8f4746668ad10b12e8e25a95ac8f3151df01cd5a93")]
    [DataRow(1024, "8d1090909017add40e749df2d0ebac43273d6fc816bc4ffaf2a6dfabe4206dea13677d2002399e4a38e700d8083db4af8341ee9b3a5147110b6a963a3894e4e2")]
    [DataRow(1028, "4ab57dc73978c36551482a08e60c856c17518409650377cd9c9d6325dd6cc1338dfc762be61f5ba99018cd83b9ed37d2d4f3ad2ed9b0d1c6b578a90a42ed431e")]
    [DataRow(5000, "e0544a2083f83329af4c725e0cf8805ce26d686a6bc33bfd2e29d5c1b5f9a889c44f1769e496e3586dae86e56c195908d6aa1d0e2cadad635902a37e812681ca")]
    public void Inputs_of_many_lengths_agree_with_another_implementation(int length, string expected)
    {
        var input = Enumerable.Range(0, length).Select(i => (byte)(i % 251)).ToArray();
        Assert.AreEqual(expected, Hex(Hash(input, 64)));
    }

    [TestMethod]
    public void A_hash_can_take_the_place_of_its_input()
    {
        var buffer = Sequence(64);
        var expected = Hash(buffer, 64);
        Blake2b.Hash(buffer, buffer);
        CollectionAssert.AreEqual(expected, buffer);
    }

    private static byte[] Hash(ReadOnlySpan<byte> input, int length, byte[]? key = null)
    {
        var output = new byte[length];
        Blake2b.Hash(input, output, key);
        return output;
    }

    /// <summary>The deterministic sequences of RFC 7693, appendix E.</summary>
    private static byte[] Sequence(int length)
    {
        var (a, b) = (0xDEAD4BADu * (uint)length, 1u);
        var bytes = new byte[length];
        foreach (ref var next in bytes.AsSpan())
        {
            (a, b) = (b, a + b);
            next = (byte)(b >> 24);
        }
        return bytes;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
