namespace TinyForum.Http;

/// <summary>The memory that all connections together may hold for one purpose. An array counts once, however many hold it. Thread-safe.</summary>
/// <param name="most">Bytes.</param>
internal sealed class ArrayBudget(long most)
{
    /// <summary>The longest array that is not counted: there is one for every connection anyway.</summary>
    public const int Uncounted = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<byte[], int> _holders = [];
    private long _bytes;

    /// <summary>Bytes held now.</summary>
    public long Held => Volatile.Read(ref _bytes);

    /// <summary>Holds an array until it is <see cref="Release"/>d. False if there would be too much.</summary>
    public bool TryHold(byte[] array)
    {
        if (array.Length <= Uncounted)
            return true;
        lock (_gate)
        {
            var holders = _holders.GetValueOrDefault(array);
            if (holders == 0 && _bytes + array.Length > most)
                return false;
            _holders[array] = holders + 1;
            _bytes += holders == 0 ? array.Length : 0;
            return true;
        }
    }

    public void Release(byte[] array)
    {
        if (array.Length <= Uncounted)
            return;
        lock (_gate)
        {
            if (--_holders[array] > 0)
                return;
            _holders.Remove(array);
            _bytes -= array.Length;
        }
    }
}
