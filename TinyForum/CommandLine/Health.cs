using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using TinyForum.Http;

namespace TinyForum.CommandLine;

/// <summary><c>health</c>: whether the server on this machine is well, for container engines and others that watch it.</summary>
internal static class Health
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static Command Command()
    {
        var command = new Command("health", "Asks the server on this machine whether it is well; ends with 0 if it is, else with 1")
        {
            Settings.Listen.Option,
        };
        command.SetAction((line, _) => RunAsync(ListenAddress.Parse(Settings.Listen.In(line)[0])));
        return command;
    }

    private static async Task<int> RunAsync(ListenAddress address)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, address.Port, timeout.Token).ConfigureAwait(false);
            var request = "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray();
            await client.GetStream().WriteAsync(request, timeout.Token).ConfigureAwait(false);
            using var reader = new StreamReader(client.GetStream());
            var status = await reader.ReadLineAsync(timeout.Token).ConfigureAwait(false) ?? "it ended the connection";
            return status.Split(' ') is [_, "200", ..] ? 0 : throw new CommandException($"{address.Url} is not well: {status}");
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            throw new CommandException($"{address.Url} does not answer: {e.Message}", e);
        }
    }
}
