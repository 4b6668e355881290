using System.Buffers.Text;
using System.Globalization;

namespace TinyForum.Http.Guard;

/// <summary>
/// The file descriptors that the process may have, and how many of them connections may use. Starting a thread takes two, and the process
/// ends if there are none left.
/// </summary>
internal sealed class DescriptorBudget
{
    /// <summary>With fewer the process could end for want of one: running on .NET takes half of these, and a little is left for connections.</summary>
    public const int Least = 256;

    private const int OtherDescriptors = 96; // for what the process opens later: databases, logs, threads
    private const int MaxReserve = 1024; // with a small limit, the reserve is a quarter of that

    private readonly int _shortFrom;

    /// <summary>Raises the limit as far as the process is allowed to.</summary>
    public DescriptorBudget()
    {
        Limit = LinuxSocket.RaiseDescriptorLimit() ?? 1024;
        _shortFrom = (int)Math.Min(Limit - Math.Min(Limit / 4, MaxReserve), int.MaxValue);
        MaxConnections = Math.Max(1, _shortFrom - LinuxSocket.LowestFree() - OtherDescriptors);
    }

    /// <summary>Requires that the process may have enough descriptors, after raising its limit as far as it is allowed to.</summary>
    /// <exception cref="StartException">It may not.</exception>
    public static void Require()
    {
        if (OperatingSystem.IsLinux() && LinuxSocket.RaiseDescriptorLimit() is { } limit && limit < Least)
            throw new StartException(string.Create(
                CultureInfo.InvariantCulture, $"this process may have {limit} descriptors and takes {Least}: raise the limit (ulimit -n, LimitNOFILE=)"));
    }

    public long Limit { get; }

    /// <summary>How many connections there are descriptors for, besides those that were open at the start and the reserve.</summary>
    public int MaxConnections { get; }

    /// <summary>Whether all descriptors that connections may use are in use.</summary>
    public bool AreShort() => LinuxSocket.LowestFree() >= _shortFrom;

    /// <summary>An upper bound on descriptors: the size of the kernel's table, which grows with them; without /proc, the limit.</summary>
    public int TableSize()
    {
        var fallback = (int)Math.Min(Limit, 65_536);
        try
        {
            using var status = File.OpenHandle("/proc/self/status");
            Span<byte> text = stackalloc byte[4096];
            text = text[..RandomAccess.Read(status, text, 0)];
            var field = text.IndexOf("FDSize:"u8);
            return field >= 0 && Utf8Parser.TryParse(text[(field + 7)..].TrimStart("\t "u8), out int size, out _) ? size : fallback;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return fallback;
        }
    }
}
