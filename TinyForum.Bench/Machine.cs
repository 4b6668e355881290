using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace TinyForum.Bench;

/// <summary>What the figures were taken on.</summary>
internal static class Machine
{
    public static void Describe(TextWriter output)
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[1];
        using var sqlite = new SqliteConnection("Data Source=:memory:");
        sqlite.Open();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} processors ({processor}), "
            + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, SQLite {sqlite.ServerVersion}; "
                + $"load average before: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}."));
        output.WriteLine();
    }
}
