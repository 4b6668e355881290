namespace TinyForum.Storage;

/// <summary>
/// Numbers that tell whether what was read of a subject is still current. Every commit changes the database's version; one of this process
/// is known by what its statements may write (sqlite.org/c3ref/set_authorizer.html), and leaves the stamps of all other subjects as they
/// are. A commit of another process changes all. Thread-safe: the writer's thread publishes, anyone asks.
/// </summary>
/// <param name="version">The database's version.</param>
/// <param name="subjects">How many subjects there are.</param>
internal sealed class Stamps(Func<long> version, int subjects)
{
    private State _state = new(0, new long[subjects]);
    private long _before;
    private long _last;

    /// <summary>The stamp of a subject: as long as it stays the same, so does what is read of it after this call.</summary>
    public long Of(int subject)
    {
        var state = Volatile.Read(ref _state);
        var current = version();
        return state.Version == current ? state.OfSubjects[subject] : current; // somebody else has written, or the writer has not told yet
    }

    /// <summary>Called by the writer once it alone may commit.</summary>
    public void Begin() => _before = version();

    /// <summary>Called by the writer after a commit.</summary>
    /// <param name="written">The subjects that it may have changed, a bit each.</param>
    /// <param name="isLast">Tells, after this has read the version, whether nobody else has committed since the begin.</param>
    public void End(int written, Func<bool> isLast)
    {
        var after = version();
        if (!isLast())
            return;
        var state = _state;
        var isNext = state.Version == _before;
        var stamps = new long[subjects];
        for (var i = 0; i < subjects; i++)
            stamps[i] = isNext && (written & (1 << i)) == 0 ? state.OfSubjects[i] : ++_last;
        Volatile.Write(ref _state, new State(after, stamps));
    }

    private sealed record State(long Version, long[] OfSubjects);
}
