using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyForum.Tests.Support;

/// <summary>A client that says just what it is told, to see what the server does with it.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly NetworkStream _stream;

    public RawClient(Uri url, int receiveBuffer = 0, int segment = 0)
    {
        if (receiveBuffer > 0)
            _tcp.ReceiveBufferSize = receiveBuffer; // before connecting, so that the window is as small
        if (segment > 0)
            _tcp.Client.SetRawSocketOption(6, 2, BitConverter.GetBytes(segment)); // TCP_MAXSEG
        _tcp.Connect(url.Host, url.Port);
        _stream = _tcp.GetStream();
        _stream.ReadTimeout = 30_000; // a test that waits in vain fails; none waits that long
    }

    /// <summary>The port that it connects from.</summary>
    public int Port => ((IPEndPoint)_tcp.Client.LocalEndPoint!).Port;

    /// <summary>Sends text, each char a byte, with LF as CR LF.</summary>
    public void Send(string text) => _stream.Write(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")));

    /// <summary>Sends text, each char a byte, with whatever line ends it has.</summary>
    public void SendExactly(string text) => _stream.Write(Encoding.Latin1.GetBytes(text));

    public void Send(byte[] bytes) => _stream.Write(bytes);

    /// <summary>Says that nothing more will be sent.</summary>
    public void Finish() => _tcp.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Leaves without a word.</summary>
    public void Reset()
    {
        _tcp.LingerState = new LingerOption(true, 0);
        _tcp.Dispose();
    }

    /// <summary>Everything until the server closes the connection.</summary>
    public string ReadToEnd() => Encoding.UTF8.GetString(ReadBytesToEnd());

    /// <summary>Every answer until the server closes the connection.</summary>
    public List<RawAnswer> ReadAnswers(bool isHead = false) => RawAnswer.ParseAll(Encoding.Latin1.GetString(ReadBytesToEnd()), isHead);

    private byte[] ReadBytesToEnd()
    {
        using var all = new MemoryStream();
        try
        {
            _stream.CopyTo(all);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // As good as closed.
        }
        return all.ToArray();
    }

    /// <summary>One answer: its head, and as much body as its Content-Length says.</summary>
    public (string Head, string Body) ReadAnswer(bool hasBody = true)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = _stream.ReadByte();
            if (next < 0)
                return (head.ToString(), "");
            head.Append((char)next);
        }
        var length = head.ToString().Split("\r\n").Where(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(l => int.Parse(l.Split(':')[1])).SingleOrDefault();
        var body = new byte[hasBody ? length : 0];
        _stream.ReadExactly(body);
        return (head.ToString(), Encoding.UTF8.GetString(body));
    }

    public void Dispose() => _tcp.Dispose();
}
