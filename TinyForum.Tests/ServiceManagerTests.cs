using System.Net.Sockets;
using System.Text;

namespace TinyForum.Tests;

/// <summary>What systemd is told of a service of <c>Type=notify</c>.</summary>
[TestClass]
public sealed class ServiceManagerTests
{
    [TestMethod]
    [DataRow(false, DisplayName = "by a path")]
    [DataRow(true, DisplayName = "by an abstract name")]
    public async Task The_service_manager_is_told_when_it_serves_and_when_it_begins_to_stop(bool isAbstract)
    {
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.ReceiveTimeout = 30_000; // a test that waits in vain fails; none waits that long
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{folder["notify"]}" : folder["notify"]));
        await using var server = await ServerProcess.StartAsync(
            folder["forum.db"], null, [("NOTIFY_SOCKET", $"{(isAbstract ? "@" : "")}{folder["notify"]}")]);
        Assert.AreEqual("READY=1", Receive());
        using var slow = new RawClient(server.Url);
        slow.Send("POST /api/register HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 38\n\n{\"username\":\"ada\",");
        using (var client = new TestClient(server.Url))
            (await client.GetAsync("/healthz")).Is(200); // by then the other one has been accepted
        server.Signal("TERM");
        Assert.AreEqual("STOPPING=1", Receive());
        slow.Send("\"password\":\"secret\"}");
        StringAssert.Contains(slow.ReadToEnd(), "\"username\": \"ada\"", "it was told while requests were still being served");
        Assert.AreEqual(0, await server.EndAsync());
        Assert.AreEqual(0, manager.Available, "and nothing else");

        string Receive()
        {
            var datagram = new byte[256];
            return Encoding.UTF8.GetString(datagram, 0, manager.Receive(datagram));
        }
    }

    [TestMethod]
    public async Task A_service_manager_that_is_gone_keeps_no_server_from_serving()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], null, [("NOTIFY_SOCKET", folder["notify"])]);
        server.Signal("TERM");
        Assert.AreEqual(0, await server.EndAsync());
        Assert.AreEqual("", server.Errors);
    }
}
