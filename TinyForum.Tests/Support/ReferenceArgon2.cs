using System.Runtime.InteropServices;

namespace TinyForum.Tests.Support;

/// <summary>The C library by Argon2's authors (Debian's <c>libargon2-1</c>), to compare with. The benchmarks use it too.</summary>
internal static unsafe partial class ReferenceArgon2
{
    private const string Library = "libargon2.so.1";
    private const uint Version = 0x13;

    public static bool IsInstalled { get; } = NativeLibrary.TryLoad(Library, out _);

    public static byte[] Hash(
        byte[] password, byte[] salt, byte[]? secret, byte[]? data, int lanes, int kibibytes, int passes, int tagLength)
    {
        var tag = new byte[tagLength];
        fixed (byte* tagBytes = tag, passwordBytes = password, saltBytes = salt, secretBytes = secret, dataBytes = data)
        {
            var context = new Context
            {
                Tag = new Bytes(tagBytes, tag.Length),
                Password = new Bytes(passwordBytes, password.Length),
                Salt = new Bytes(saltBytes, salt.Length),
                Secret = new Bytes(secretBytes, secret?.Length ?? 0),
                Data = dataBytes,
                DataLength = (uint)(data?.Length ?? 0),
                Passes = (uint)passes,
                Kibibytes = (uint)kibibytes,
                Lanes = (uint)lanes,
                Threads = (uint)lanes,
                Version = Version,
            };
            var result = Compute(ref context);
            return result == 0 ? tag : throw new InvalidOperationException($"libargon2 refuses: {result}");
        }
    }

    [LibraryImport(Library, EntryPoint = "argon2id_ctx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Compute(ref Context context);

    /// <summary>A pointer and a length, with the padding that C puts between one such pair and the next.</summary>
    private readonly struct Bytes(byte* start, int length)
    {
        private readonly byte* _start = start;
        private readonly uint _length = (uint)length;
    }

    /// <summary><c>argon2_context</c> of argon2.h.</summary>
    private struct Context
    {
        public Bytes Tag;
        public Bytes Password;
        public Bytes Salt;
        public Bytes Secret;
        public byte* Data;
        public uint DataLength;
        public uint Passes;
        public uint Kibibytes;
        public uint Lanes;
        public uint Threads;
        public uint Version;
        private readonly void* _allocate;
        private readonly void* _free;
        private readonly uint _flags;
    }
}
