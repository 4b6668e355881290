namespace TinyForum.Passwords;

/// <summary>What a password's hash costs, and how many may wait for theirs. Stored hashes of another cost still verify.</summary>
public sealed record PasswordOptions
{
    /// <summary>Memory for one hash, in KiB. As many hashes run at once as there are processors.</summary>
    public int MemoryKiB { get; init; } = 19456;

    /// <summary>Passes over that memory.</summary>
    public int Iterations { get; init; } = 2;

    /// <summary>Lanes of one hash, on as many threads: more than one pays only where logins are rare and processors idle.</summary>
    public int Parallelism { get; init; } = 1;

    /// <summary>How many hashes may wait for a processor; more are refused with 503.</summary>
    public int MaxWaiting { get; init; } = 2000;

    /// <summary>How long a hash may wait for a processor before it is refused with 503.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(30);
}
