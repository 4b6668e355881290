using System.Runtime.CompilerServices;

namespace TinyForum.Passwords;

/// <summary>
/// The matrix of RFC 9106, section 3.2, as Argon2id fills it: a row of blocks for each lane, in four slices. Within a slice lanes are
/// independent, so threads share them out and meet at each slice's end.
/// </summary>
internal sealed unsafe class Argon2Matrix : IDisposable
{
    private const int Slices = 4;
    private const int ScratchBlocks = 5;

    private readonly uint _lanes;
    private readonly uint _laneBlocks;
    private readonly uint _sliceBlocks;
    private readonly uint _passes;
    private readonly uint _workers;
    private readonly Argon2Memory _memory;
    private readonly ulong* _scratch;
    private int _nextLane = -1;

    public Argon2Matrix(int lanes, int kibibytes, int passes)
    {
        _lanes = (uint)lanes;
        _passes = (uint)passes;
        _sliceBlocks = (uint)kibibytes / (Slices * _lanes);
        _laneBlocks = Slices * _sliceBlocks;
        _workers = (uint)Math.Min(lanes, Environment.ProcessorCount);
        var blocks = (nuint)_lanes * _laneBlocks;
        _memory = Argon2Memory.Rent((blocks + _workers * ScratchBlocks) * Argon2Block.Bytes);
        _scratch = _memory.Start + blocks * Argon2Block.Words;
    }

    /// <summary>A block's bytes; words are little-endian, as on every processor .NET runs vectors on.</summary>
    public Span<byte> this[uint lane, uint column] => new(Block(lane, column), Argon2Block.Bytes);

    /// <summary>Fills, in every pass, all but the two columns that the caller has begun with.</summary>
    public void Fill()
    {
        using var sliceEnd = new Barrier(1, _ => _nextLane = -1);
        var others = new List<Thread>();
        for (var i = 1; i < _workers && TryStart(_scratch + i * ScratchBlocks * Argon2Block.Words, sliceEnd) is { } other; i++)
            others.Add(other);
        FillShare(_scratch, sliceEnd);
        others.ForEach(other => other.Join());
    }

    /// <summary>XORs the lanes' last blocks into the first lane's, which is then the hash's last input.</summary>
    public Span<byte> Fold()
    {
        var sum = Block(0, _laneBlocks - 1);
        for (var lane = 1u; lane < _lanes; lane++)
        {
            var other = Block(lane, _laneBlocks - 1);
            for (var i = 0; i < Argon2Block.Words; i++)
                sum[i] ^= other[i];
        }
        return this[0, _laneBlocks - 1];
    }

    /// <summary>Wipes what was filled.</summary>
    public void Dispose() => _memory.Dispose();

    private ulong* Block(uint lane, uint column) => _memory.Start + ((nuint)lane * _laneBlocks + column) * Argon2Block.Words;

    /// <summary>A thread to share the work, or null if the system has no more: those there are will do it.</summary>
    private Thread? TryStart(ulong* scratch, Barrier sliceEnd)
    {
        var thread = new Thread(() => FillShare(scratch, sliceEnd)) { IsBackground = true };
        sliceEnd.AddParticipant();
        try
        {
            thread.Start();
            return thread;
        }
        catch (OutOfMemoryException)
        {
            sliceEnd.RemoveParticipant();
            return null;
        }
    }

    private void FillShare(ulong* scratch, Barrier sliceEnd)
    {
        new Span<ulong>(scratch, ScratchBlocks * Argon2Block.Words).Clear();
        for (var pass = 0u; pass < _passes; pass++)
        {
            for (var slice = 0u; slice < Slices; slice++)
            {
                int lane;
                while ((lane = Interlocked.Increment(ref _nextLane)) < _lanes)
                    FillSegment(new Position(pass, slice, (uint)lane), scratch);
                sliceEnd.SignalAndWait();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillSegment(Position at, ulong* scratch)
    {
        ulong* zero = scratch, state = zero + Argon2Block.Words;
        var addresses = at is { Pass: 0, Slice: < Slices / 2 } ? new Addresses(this, at, scratch) : null;
        var i = at is { Pass: 0, Slice: 0 } ? 2u : 0;
        var column = at.Slice * _sliceBlocks + i;
        var current = Block(at.Lane, column);
        var previous = column == 0 ? Block(at.Lane, _laneBlocks - 1) : current - Argon2Block.Words;
        var reference = Reference(at, i, addresses is null ? previous[0] : addresses[i]);
        while (i < _sliceBlocks)
        {
            var old = at.Pass == 0 ? zero : current;
            var next = reference;
            Argon2Block.MixRows(previous, reference, state);
            Argon2Block.MixColumns(0, 2, state, previous, reference, old, current);
            if (++i < _sliceBlocks)
            {
                next = Reference(at, i, addresses is null ? current[0] : addresses[i]);
                Argon2Block.Prefetch(next);
            }
            Argon2Block.MixColumns(2, Argon2Block.Columns, state, previous, reference, old, current);
            previous = current;
            current += Argon2Block.Words;
            reference = next;
        }
    }

    /// <summary>Where the <paramref name="i"/>th block of a segment reads, chosen by <paramref name="random"/> (section 3.4.2).</summary>
    private ulong* Reference(Position at, uint i, ulong random)
    {
        var lane = at is { Pass: 0, Slice: 0 } ? at.Lane : (uint)((random >> 32) % _lanes);
        var done = (at.Pass == 0 ? at.Slice : Slices - 1) * _sliceBlocks;
        // In its own lane a block may read all but the one before it, which it reads anyway; in others, whole slices, but at a
        // segment's start not the last block.
        var area = lane == at.Lane ? done + i - 1 : i == 0 ? done - 1 : done;
        ulong x = (uint)random;
        x = x * x >> 32;
        var offset = area - 1 - (uint)(area * x >> 32);
        // From the second pass on, the oldest block is the first of the slice after this one.
        var column = offset + (at.Pass == 0 ? 0 : (at.Slice + 1) % Slices * _sliceBlocks);
        return Block(lane, column < _laneBlocks ? column : column - _laneBlocks);
    }

    private readonly record struct Position(uint Pass, uint Slice, uint Lane);

    /// <summary>
    /// The first half of the first pass reads where a counter says, not the data, so that its timing tells nothing (section 3.4.1.2).
    /// </summary>
    private sealed class Addresses(Argon2Matrix matrix, Position at, ulong* scratch)
    {
        private readonly ulong* _zero = scratch;
        private readonly ulong* _input = scratch + 2 * Argon2Block.Words;
        private readonly ulong* _between = scratch + 3 * Argon2Block.Words;
        private readonly ulong* _words = scratch + 4 * Argon2Block.Words;
        private uint _batch;

        public ulong this[uint i]
        {
            get
            {
                if (_batch != i / Argon2Block.Words + 1)
                    Generate(_batch = i / Argon2Block.Words + 1);
                return _words[i % Argon2Block.Words];
            }
        }

        private void Generate(uint batch)
        {
            const ulong argon2id = 2;
            ReadOnlySpan<ulong> header =
            [
                at.Pass, at.Lane, at.Slice, matrix._lanes * (ulong)matrix._laneBlocks, matrix._passes, argon2id, batch,
            ];
            header.CopyTo(new Span<ulong>(_input, Argon2Block.Words));
            Compress(_input, _between);
            Compress(_between, _words);
        }

        private void Compress(ulong* block, ulong* result)
        {
            Argon2Block.MixRows(_zero, block, result);
            Argon2Block.MixColumns(0, Argon2Block.Columns, result, _zero, block, _zero, result);
        }
    }
}
