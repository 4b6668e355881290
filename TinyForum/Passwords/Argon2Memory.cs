using System.Runtime.InteropServices;

namespace TinyForum.Passwords;

/// <summary>
/// Native memory for one hash. A fresh 19 MiB costs thousands of page faults, a good part of a hash's time; so arenas are kept, one for
/// each processor at most and none above 64 MiB, in huge pages where the system has them, and wiped before they are put back.
/// </summary>
internal sealed unsafe class Argon2Memory : IDisposable
{
    private const nuint HugePage = 2 << 20;
    private const nuint LargestKept = (64 << 20) + HugePage;

    private static readonly Stack<Argon2Memory> kept = new();

    private readonly nuint _bytes;
    private readonly void* _start;

    private Argon2Memory(nuint bytes)
    {
        _bytes = bytes;
        _start = NativeMemory.AlignedAlloc(bytes, bytes < HugePage ? 64 : HugePage);
        if (bytes >= HugePage)
            SystemHints.PreferHugePages(_start, bytes);
    }

    public ulong* Start => (ulong*)_start;

    /// <summary>At least so many bytes, of no particular content.</summary>
    /// <exception cref="OutOfMemoryException">The system has no more to give.</exception>
    public static Argon2Memory Rent(nuint bytes)
    {
        var granule = bytes < HugePage ? Argon2Block.Bytes : HugePage;
        bytes = (bytes + granule - 1) / granule * granule;
        Argon2Memory? arena;
        lock (kept)
            kept.TryPop(out arena);
        if (arena is not null && arena._bytes != bytes)
        {
            arena.Free();
            arena = null;
        }
        return arena ?? new Argon2Memory(bytes);
    }

    /// <summary>Wipes the memory, and keeps it for the next hash or gives it back to the system.</summary>
    public void Dispose()
    {
        NativeMemory.Clear(_start, _bytes);
        lock (kept)
        {
            if (_bytes <= LargestKept && kept.Count < Environment.ProcessorCount)
            {
                kept.Push(this);
                return;
            }
        }
        Free();
    }

    private void Free() => NativeMemory.AlignedFree(_start);
}
