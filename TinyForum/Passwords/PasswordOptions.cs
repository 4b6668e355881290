namespace TinyForum.Passwords;

/// <summary>What a password's hash costs, and how many may wait for theirs. Stored hashes of another cost still verify.</summary>
public sealed record PasswordOptions
{
    /// <summary>
    /// Memory for one hash, in KiB. As many hashes run at once as half of the processors, at least one; what the garbage collector has
    /// not yet taken back comes on top.
    /// </summary>
    public int MemoryKiB { get; init; } = 7168;

    /// <summary>Passes over that memory.</summary>
    public int Iterations { get; init; } = 5;

    /// <summary>Lanes of one hash, on as many threads: more than one pays only where logins are rare and processors idle.</summary>
    public int Parallelism { get; init; } = 1;

    /// <summary>
    /// How many hashes may wait for their turn; more are refused with 503. A stored hash of more memory than <see cref="MemoryKiB"/>
    /// counts as several.
    /// </summary>
    public int MaxWaiting { get; init; } = 2000;

    /// <summary>How long a hash may wait for its turn before it is refused with 503.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(30);
}
