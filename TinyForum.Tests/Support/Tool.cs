using System.ComponentModel;
using System.Diagnostics;

namespace TinyForum.Tests.Support;

/// <summary>Programs of others that judge what we make.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end. Null if there is none of that name.</summary>
    public static async Task<(int Code, string Output)?> RunAsync(string name, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(name, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["REDOCLY_TELEMETRY"] = "off";
        start.Environment["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true";
        try
        {
            using var process = Process.Start(start)!;
            var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            return (process.ExitCode, string.Concat(await output));
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
