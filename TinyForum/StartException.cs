namespace TinyForum;

/// <summary>The forum could not start: the message is one line for the operator.</summary>
/// <param name="message">What is wrong and, where it helps, what to do about it.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class StartException(string message, Exception? innerException = null) : Exception(message, innerException);
