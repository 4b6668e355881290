using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TinyForum.Http.Guard;

namespace TinyForum.Tests;

/// <summary>What <see cref="ConnectionGuard"/> does with descriptors that it does not own.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class DescriptorTests(TestContext test)
{
    [TestMethod]
    public async Task What_drops_what_comes_in_lets_it_in_again()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Blocking = false;
        listener.Listen();
        var fd = (int)listener.Handle;
        Assert.IsTrue(LinuxSocket.DropIncoming(fd, drop: true));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var connecting = client.ConnectAsync(listener.LocalEndPoint!, test.CancellationToken).AsTask();
        Assert.IsLessThan(0, LinuxSocket.Accept(fd));
        Assert.IsTrue(LinuxSocket.DropIncoming(fd, drop: false));
        await connecting; // the system tries again by itself
    }

    [TestMethod]
    [SupportedOSPlatform("linux")]
    public void A_file_keeps_its_locks_when_it_gets_the_number_of_a_socket()
    {
        using var folder = new TemporaryFolder();
        using var file = File.Create(folder["locked"]);
        var place = Random.Shared.NextInt64(1L << 40);
        bool IsLocked() => File.ReadAllText("/proc/locks").Contains($" {place} {place}\n", StringComparison.Ordinal);
        file.Lock(place, 1); // fcntl, as SQLite does
        Assert.IsTrue(IsLocked());
        var fd = (int)file.SafeFileHandle.DangerousGetHandle();
        using (var connection = new PinnedSocket(fd, cookie: 1))
            Assert.IsFalse(connection.IsOpen);
        Assert.IsFalse(new ListeningSockets([new(fd, Cookie: 1, default)], new DescriptorBudget()).Brake());
        Assert.IsTrue(IsLocked());
        LinuxSocket.Close(LinuxSocket.Duplicate(fd));
        Assert.IsFalse(IsLocked(), "that this drops them is what the rest is for");
    }

    [TestMethod]
    public void A_socket_stays_what_it_is_while_it_is_pinned()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var fd = (int)socket.Handle;
        var cookie = LinuxSocket.Cookie(fd);
        using var pinned = new PinnedSocket(fd, cookie);
        Assert.IsTrue(pinned.IsOpen);
        socket.Dispose();
        Assert.AreEqual(cookie, LinuxSocket.Cookie(pinned.Fd));
    }

    [TestMethod]
    public async Task Cap_is_lowered_below_the_limit_of_descriptors()
    {
        await using var server = new GuardedListener(new ConnectionLimits { MaxConnections = int.MaxValue });
        Assert.IsLessThan(int.MaxValue, server.Guard.MaxConnections);
        Assert.Contains("descriptors", server.Note!);
    }
}
