using System.Net;
using System.Net.Sockets;

namespace TinyForum.Http;

/// <summary>
/// A connection as HttpListener reads and writes it. HttpListener's callbacks can throw, on threads where that ends the process: here it ends
/// the connection at most. And they keep what comes of a line until it ends: here the head of a request ends somewhere.
/// </summary>
internal sealed class ConnectionStream : NetworkStream
{
    /// <summary>The most bytes that are read for the head of a request. The listener has smaller limits, but none on the request line.</summary>
    internal const int MaxHead = 256 * 1024;

    /// <summary>How much may be written before asking the kernel for room: it keeps more than this for each connection.</summary>
    private const int SmallestRoom = 4096;

    private static AsyncCallback? _contained;

    private int _head;
    private int _written;

    private ConnectionStream(Socket socket, ListenAddress address, object endPoint)
        : base(socket, ownsSocket: false)
    {
        Address = address;
        Connection = ListenerInternals.Attach(socket, endPoint, this);
    }

    /// <summary>The address that it was accepted at.</summary>
    public ListenAddress Address { get; }

    /// <summary>HttpListener's own object.</summary>
    public object Connection { get; }

    /// <summary>Hands an accepted socket to the listener of an end point (<see cref="ListenerInternals.NewEndPoint"/>), which reads requests from it.</summary>
    public static void Begin(Socket socket, ListenAddress address, object endPoint) =>
        ListenerInternals.BeginReading(new ConnectionStream(socket, address, endPoint).Connection);

    /// <summary>Reports that a request was read, so that the next bytes that the listener reads by itself are another one's head.</summary>
    public void EndHead() => _head = 0;

    /// <summary>
    /// Whether the kernel takes what the listener may answer to the next request, after <paramref name="written"/> bytes of answers to this
    /// one. If not, the client does not read, and no further request should be read from it.
    /// </summary>
    public bool HasRoom(int written)
    {
        _written += written;
        if (_written < SmallestRoom)
            return true;
        if (!Socket.Poll(0, SelectMode.SelectWrite))
            return false;
        _written = 0;
        return true;
    }

    /// <summary>Whether the client has closed the connection, while nothing is read from it.</summary>
    public bool HasEnded
    {
        get
        {
            try
            {
                return Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0;
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                return true;
            }
        }
    }

    /// <summary>Tells the client that no more comes, and goes on reading.</summary>
    public void EndSending() => Socket.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        base.BeginRead(buffer, offset, count, state == Connection ? _contained ??= Contained(callback!) : callback, state);

    /// <inheritdoc/>
    public override int EndRead(IAsyncResult asyncResult)
    {
        var read = base.EndRead(asyncResult);
        return asyncResult.AsyncState != Connection || (_head += read) <= MaxHead ? read : throw new IOException("the head of the request is too large");
    }

    /// <inheritdoc/>
    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        base.BeginWrite(buffer, offset, count, state is HttpListenerResponse ? Contained(callback!) : callback, state);

    /// <summary>The same callback, which is one and the same for all reads of the listener's own, without its exceptions.</summary>
    private static AsyncCallback Contained(AsyncCallback callback) => result =>
    {
        try
        {
            callback(result);
        }
        catch (Exception)
        {
            if (result.AsyncState is { } connection and not HttpListenerResponse)
                ListenerInternals.Close(connection);
        }
    };
}
