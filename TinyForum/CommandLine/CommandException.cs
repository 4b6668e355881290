namespace TinyForum.CommandLine;

/// <summary>A command can't be carried out as it was given: the message is one line for whoever typed it.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="innerException">The cause, if any.</param>
internal sealed class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
