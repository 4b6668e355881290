using System.Buffers;

namespace TinyForum.Http;

/// <summary>A growing buffer on pooled arrays: growing costs copying but makes no garbage.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = [];

    public int Length { get; private set; }

    /// <summary>What it is in, with room behind; another one after it has grown.</summary>
    public byte[] Array => _array;

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_array.Length - Length < sizeHint)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Grown(_array.Length, Length + (long)sizeHint));
            Written.CopyTo(larger);
            if (_array.Length > 0)
                ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }
        return _array.AsMemory(Length);
    }

    /// <summary>How large an array of this size becomes to hold as many bytes: twice as large, as long as arrays can be.</summary>
    /// <exception cref="InvalidOperationException">No array can hold them.</exception>
    internal static int Grown(int size, long needed) => needed <= System.Array.MaxLength
        ? (int)Math.Max(needed, Math.Min(Math.Max(2L * size, 4096), System.Array.MaxLength))
        : throw new InvalidOperationException("the answer is longer than an array can be");

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Clear() => Length = 0;

    public void Dispose()
    {
        if (_array.Length > 0)
            ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        Length = 0;
    }
}
