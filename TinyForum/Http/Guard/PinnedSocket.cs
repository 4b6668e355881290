namespace TinyForum.Http.Guard;

/// <summary>A socket that belongs to .NET, which may close it at any time; its number can be another file's at once. A duplicate stays valid.</summary>
internal readonly ref struct PinnedSocket
{
    private readonly int _duplicate;
    private readonly ulong _cookie;

    /// <summary>Duplicates <paramref name="fd"/>, which was last seen to be the socket with this cookie.</summary>
    public PinnedSocket(int fd, ulong cookie)
    {
        _duplicate = LinuxSocket.Duplicate(fd);
        Fd = _duplicate < 0 ? fd : _duplicate; // if none is free, the number itself has to do, because only ending connections frees one
        _cookie = LinuxSocket.Cookie(Fd);
        IsOpen = _cookie == cookie;
    }

    /// <summary>The descriptor to use, if it <see cref="IsOpen"/>.</summary>
    public int Fd { get; }

    /// <summary>Whether it is still that socket.</summary>
    public bool IsOpen { get; }

    /// <summary>
    /// Closes the duplicate, unless it is not of a socket: then a file, perhaps the database's, had just got the number. Closing any
    /// descriptor of a file drops every lock that the process has on it (fcntl(2)), so that this one descriptor is leaked instead.
    /// </summary>
    public void Dispose()
    {
        if (_duplicate >= 0 && _cookie != 0)
            LinuxSocket.Close(_duplicate);
    }
}
