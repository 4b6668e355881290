namespace TinyForum.CommandLine;

/// <summary>
/// What a command says beside its result. Where it can't be written, as the disk is full or nobody reads it any more, it is dropped: that
/// is no reason to fail.
/// </summary>
internal static class Terminal
{
    /// <summary>Says what was done, on standard output.</summary>
    public static void Say(string line) => Write(isError: false, line);

    /// <summary>Says what is wrong, or how far it is, on standard error.</summary>
    public static void Warn(string line) => Write(isError: true, line);

    private static void Write(bool isError, string line)
    {
        try
        {
            (isError ? Console.Error : Console.Out).WriteLine(line);
        }
        catch (Exception)
        {
            // Dropped, also where the console can't be opened at all.
        }
    }
}
