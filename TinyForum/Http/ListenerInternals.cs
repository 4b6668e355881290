using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace TinyForum.Http;

/// <summary>
/// Members of the managed HttpListener that are not public and that the server can't do without: docs/http.md says what for. Windows has
/// another HttpListener, and a later .NET may have.
/// </summary>
internal static class ListenerInternals
{
    private const string Connection = "System.Net.HttpConnection, System.Net.HttpListener";
    private const string EndPoint = "System.Net.HttpEndPointListener, System.Net.HttpListener";
    private const string Prefix = "System.Net.ListenerPrefix, System.Net.HttpListener";

    private const DynamicallyAccessedMemberTypes Constructors =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors;

    /// <summary>Whether this .NET has them all: each was used once, on a connection of the process with itself.</summary>
    public static bool Exist { get; } = Probe();

    /// <summary>What <see cref="Attach"/> needs: listens on nothing, and takes a request for any host to <paramref name="listener"/>.</summary>
    public static object NewEndPoint(HttpListener listener)
    {
        // It has to listen on something first, and accepts at once: on a port that nobody knows.
        var endPoint = ListenOn(listener, IPAddress.Loopback, 0, secure: false);
        SocketOf(endPoint).Dispose();
        AddPrefix(endPoint, NewPrefix("http://+:1/"), listener);
        return endPoint;
    }

    /// <summary>Makes a connection of HttpListener's out of an accepted socket. Nothing is read from it before <see cref="BeginReading"/>.</summary>
    public static object Attach(Socket socket, object endPoint, Stream stream)
    {
        var connection = NewConnection(socket, endPoint, secure: false, certificate: null);
        StreamOf(connection).Dispose(); // its own, which leaves the socket open
        StreamOf(connection) = stream;
        return connection;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "BeginReadRequest")]
    public static extern void BeginReading([UnsafeAccessorType(Connection)] object connection);

    /// <summary>Closes a connection at once, whatever state it is in, and sends nothing.</summary>
    public static void Close(object connection) => OnTimeout(connection, null);

    /// <summary>What <see cref="Attach"/> has got.</summary>
    public static Stream StreamOf(HttpListenerContext context) => StreamOf(ConnectionOf(context));

    /// <summary>How many bytes that the client has sent behind the request's head are in memory already; to be asked before the body is read.</summary>
    public static int BytesBehindHead(HttpListenerContext context)
    {
        var connection = ConnectionOf(context);
        return BytesOf(connection) is { } bytes ? (int)bytes.Length - PositionIn(connection) : 0;
    }

    /// <summary>The head of a request as it came; empty once its body is being read.</summary>
    public static ReadOnlySpan<byte> HeadOf(HttpListenerContext context)
    {
        var connection = ConnectionOf(context);
        return BytesOf(connection) is { } bytes ? bytes.GetBuffer().AsSpan(0, Math.Min(PositionIn(connection), (int)bytes.Length)) : [];
    }

    /// <summary>What the listener takes the length of a request's body for.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_contentLength")]
    public static extern ref long LengthOf(HttpListenerRequest request);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_isChunked")]
    public static extern ref bool IsChunked(HttpListenerRequest request);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_webHeaders")]
    public static extern ref WebHeaderCollection HeadersOf(HttpListenerResponse response);

    private static bool Probe()
    {
        try
        {
            using var listener = new HttpListener();
            using var port = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            port.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port.Listen();
            client.Connect(port.LocalEndPoint!);
            using var accepted = port.Accept();
            var connection = Attach(accepted, NewEndPoint(listener), new NetworkStream(accepted));
            BeginReading(connection);
            Close(connection);
            _ = BytesOf(connection);
            _ = PositionIn(connection);
            _ = ConnectionOf(Uninitialized<HttpListenerContext>());
            LengthOf(Uninitialized<HttpListenerRequest>()) = 1;
            IsChunked(Uninitialized<HttpListenerRequest>()) = true;
            HeadersOf(Uninitialized<HttpListenerResponse>()) = [];
            return true;
        }
        catch (Exception e) when (e is MissingMemberException or TypeLoadException or PlatformNotSupportedException or NullReferenceException)
        {
            return false;
        }
    }

    private static T Uninitialized<[DynamicallyAccessedMembers(Constructors)] T>() => (T)RuntimeHelpers.GetUninitializedObject(typeof(T));

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(EndPoint)]
    private static extern object ListenOn(HttpListener listener, IPAddress address, int port, bool secure);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_socket")]
    private static extern ref Socket SocketOf([UnsafeAccessorType(EndPoint)] object endPoint);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Prefix)]
    private static extern object NewPrefix(string prefix);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AddPrefix")]
    private static extern void AddPrefix([UnsafeAccessorType(EndPoint)] object endPoint, [UnsafeAccessorType(Prefix)] object prefix, HttpListener listener);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    [return: UnsafeAccessorType(Connection)]
    private static extern object NewConnection(
        Socket socket, [UnsafeAccessorType(EndPoint)] object endPoint, bool secure, X509Certificate? certificate);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connection")]
    [return: UnsafeAccessorType(Connection)]
    private static extern object ConnectionOf(HttpListenerContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_stream")]
    private static extern ref Stream StreamOf([UnsafeAccessorType(Connection)] object connection);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_memoryStream")]
    private static extern ref MemoryStream? BytesOf([UnsafeAccessorType(Connection)] object connection);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_position")]
    private static extern ref int PositionIn([UnsafeAccessorType(Connection)] object connection);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "OnTimeout")]
    private static extern void OnTimeout([UnsafeAccessorType(Connection)] object connection, object? unused);
}
