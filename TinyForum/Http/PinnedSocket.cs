namespace TinyForum.Http;

/// <summary>
/// A socket of .NET's, which may close it at any time, and then its number can be another file's at once: a duplicate stays what it is.
/// </summary>
internal readonly ref struct PinnedSocket
{
    private readonly int _duplicate;
    private readonly ulong _cookie;

    /// <summary>Duplicates <paramref name="fd"/>, which was last seen to be the socket with this cookie.</summary>
    public PinnedSocket(int fd, ulong cookie)
    {
        _duplicate = LinuxSocket.Duplicate(fd);
        Fd = _duplicate < 0 ? fd : _duplicate; // when none is free the number has to do, for only ending connections frees one
        _cookie = LinuxSocket.Cookie(Fd);
        IsOpen = _cookie == cookie;
    }

    /// <summary>The descriptor to use, if it <see cref="IsOpen"/>.</summary>
    public int Fd { get; }

    /// <summary>Whether it still is that socket.</summary>
    public bool IsOpen { get; }

    /// <summary>
    /// Closes the duplicate, unless it is of no socket: a file, perhaps the database's, had got the number just before. To close any
    /// descriptor of a file drops every lock that the process has on it (fcntl(2)), so that this one descriptor is lost instead.
    /// </summary>
    public void Dispose()
    {
        if (_duplicate >= 0 && _cookie != 0)
            LinuxSocket.Close(_duplicate);
    }
}
