using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace TinyForum.Tests;

/// <summary>The server listens where it is told to and nowhere else, and says so.</summary>
[TestClass]
public sealed class ListenTests(TestContext test)
{
    private static IPAddress? OwnAddress => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
        .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // elsewhere 127.0.0.1 is all there is of loopback
    public async Task An_address_of_loopback_is_itself_and_not_another()
    {
        await using var forum = await TestForum.StartAsync(o => o with { Listen = ["http://127.0.0.2:0"] });
        Assert.AreEqual("127.0.0.2", forum.Url.Host);
        await RefusesAsync(IPAddress.Loopback, forum.Url.Port);
        await RefusesAsync(IPAddress.Parse("127.0.0.3"), forum.Url.Port);
        foreach (var (host, status) in new[] { ("127.0.0.2", 200), ("localhost", 200), ("127.0.0.1:1", 200), ("127.0.0.3", 421), ("evil.example", 421) })
            Assert.AreEqual(status, Ask(forum.Url, host), host);
    }

    [TestMethod]
    public async Task An_address_of_the_network_is_itself_and_answers_to_any_name()
    {
        if (OwnAddress is not { } own)
        {
            Assert.Inconclusive("this machine has none");
            return;
        }
        await using var forum = await TestForum.StartAsync(o => o with { Listen = [$"http://{own}:0"] });
        Assert.AreEqual(own.ToString(), forum.Url.Host);
        await RefusesAsync(IPAddress.Loopback, forum.Url.Port);
        foreach (var host in new[] { $"{own}", "forum.example", "localhost" })
            Assert.AreEqual(200, Ask(forum.Url, host), host);
    }

    [TestMethod]
    public async Task Loopback_answers_to_its_own_names_alone_also_beside_an_address_that_answers_to_any()
    {
        string[] listen = ["http://127.0.0.1:0", "http://*:0", "http://localhost:0"];
        await using var forum = await ForumServer.StartAsync(new ForumOptions { Listen = listen, Database = null });
        foreach (var (i, names) in new[] { false, true, false }.Index())
        {
            Assert.AreEqual(200, Ask(forum.Urls[i], "127.0.0.1"));
            Assert.AreEqual(names ? 200 : 421, Ask(forum.Urls[i], "forum.example"));
        }
    }

    [TestMethod]
    public async Task All_addresses_are_told_as_0_0_0_0_and_found_at_localhost()
    {
        await using var forum = await ForumServer.StartAsync(new ForumOptions { Listen = ["http://*:0"], Database = null });
        Assert.AreEqual($"http://0.0.0.0:{forum.Url.Port}/", forum.Urls.Single().ToString());
        Assert.AreEqual("localhost", forum.Url.Host);
        Assert.AreEqual(200, Ask(forum.Url, "forum.example"));
        if (OwnAddress is { } own)
            Assert.AreEqual(200, Ask(new($"http://{own}:{forum.Url.Port}"), "forum.example"));
    }

    [TestMethod]
    [DataRow("http://203.0.113.99:0", "this machine has no such address")]
    [DataRow("http://203.0.113.99:5000", "this machine has no such address")]
    public async Task An_address_that_the_machine_lacks_is_refused(string listen, string why)
    {
        var refusal = await Assert.ThrowsExactlyAsync<StartException>(
            () => ForumServer.StartAsync(new ForumOptions { Listen = ["http://127.0.0.1:0", listen], Database = null }));
        Assert.AreEqual($"cannot listen on {listen}/: {why}", refusal.Message);
    }

    [TestMethod]
    public async Task A_port_that_is_taken_is_refused_and_the_others_are_free_again()
    {
        await using var first = await TestForum.StartAsync();
        using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var other = $"http://{free.LocalEndPoint}";
        free.Dispose();
        var refusal = await Assert.ThrowsExactlyAsync<StartException>(
            () => ForumServer.StartAsync(new ForumOptions { Listen = [other, first.Url.ToString()], Database = null }));
        Assert.AreEqual($"cannot listen on {first.Url}: the port is taken", refusal.Message);
        await using var second = await TestForum.StartAsync(o => o with { Listen = [other] });
        (await second.Client().GetAsync("/healthz")).Is(200);
    }

    private async Task RefusesAsync(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var refusal = await Assert.ThrowsExactlyAsync<SocketException>(() => socket.ConnectAsync(address, port, test.CancellationToken).AsTask());
        Assert.AreEqual(SocketError.ConnectionRefused, refusal.SocketErrorCode);
    }

    private static int Ask(Uri url, string host)
    {
        using var client = new RawClient(url);
        client.SendExactly($"GET /api/tags HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        return client.ReadAnswers().Single().Status;
    }
}
