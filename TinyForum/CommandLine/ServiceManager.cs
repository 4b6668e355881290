using System.Net.Sockets;
using System.Text;

namespace TinyForum.CommandLine;

/// <summary>Tells systemd the state of this process, if it was started with <c>Type=notify</c> (sd_notify(3)).</summary>
internal static class ServiceManager
{
    public static void Ready() => Notify("READY=1");

    public static void Stopping() => Notify("STOPPING=1");

    private static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (SocketException)
        {
            // systemd will run into its own timeout.
        }
    }
}
