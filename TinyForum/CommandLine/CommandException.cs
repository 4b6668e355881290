namespace TinyForum.CommandLine;

/// <summary>A command can't be carried out: the message is one line for the user who typed it.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="innerException">The cause, if any.</param>
internal sealed class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
