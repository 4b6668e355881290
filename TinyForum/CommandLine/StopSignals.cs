using System.Runtime.InteropServices;

namespace TinyForum.CommandLine;

/// <summary>
/// The signals that ask the process to end, as systemd, a terminal or its closing send them: the first cancels <see cref="Token"/>, a second
/// ends the process at once. Those that the process was started to ignore, as by <c>nohup</c>, stay ignored.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly Dictionary<PosixSignal, int> Numbers = new()
    {
        [PosixSignal.SIGHUP] = 1,
        [PosixSignal.SIGINT] = 2,
        [PosixSignal.SIGQUIT] = 3,
        [PosixSignal.SIGTERM] = 15,
    };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations;
    private int _first;

    public StopSignals() => _registrations = [.. Numbers.Keys.Select(signal => PosixSignalRegistration.Create(signal, Stop))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The exit code of a process that a signal ended before it was done.</summary>
    public int ExitCode => ExitCodeOf(_first);

    /// <summary>
    /// Runs a command that ends early, leaving nothing half done, when it is told to stop. If it does not, because it waits for what it can't
    /// be called back from, such as a pipe that nobody writes to, the process ends without it.
    /// </summary>
    /// <returns>Its exit code, or that of the signal.</returns>
    public static int Run(Func<CancellationToken, int> command)
    {
        using var signals = new StopSignals();
        using var impatience = new Timer(_ => Environment.Exit(signals.ExitCode));
        using var stop = signals.Token.Register(() => impatience.Change(Patience, Timeout.InfiniteTimeSpan));
        try
        {
            return command(signals.Token);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            Terminal.Warn("tinyforum: stopped before it was done");
            return signals.ExitCode;
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private static int ExitCodeOf(int number) => 128 + number;

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        var number = Numbers[context.Signal];
        if (Interlocked.CompareExchange(ref _first, number, 0) != 0)
            Environment.Exit(ExitCodeOf(number));
        _source.Cancel();
    }
}
